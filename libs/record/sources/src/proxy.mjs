import { BlockList, isIP } from 'node:net'
import { UnusableSource } from './download-errors.mjs'

/**
 * The proxy through which an address is asked for, as curl reads the usual variables: `http_proxy` or `https_proxy`,
 * else `all_proxy`, each in lower or upper case, unless `no_proxy` excludes the host. An address of this machine is
 * never asked for through a proxy, which would reach another machine.
 * @param {URL} address
 * @param {NodeJS.ProcessEnv} [environment]
 * @returns {URL | undefined}
 */
export function proxyFor(address, environment = process.env) {
  const read = (/** @type {string} */ name) => environment[name] || environment[name.toUpperCase()] || undefined
  const written = read(`${address.protocol.slice(0, -1)}_proxy`) ?? read('all_proxy')
  if (!written || isLoopback(address.hostname) || isExcluded(address, read('no_proxy') ?? '')) return undefined
  const text = written.includes('://') ? written : `http://${written}`
  const proxy = URL.canParse(text) ? new URL(text) : undefined
  if (proxy?.protocol === 'http:' || proxy?.protocol === 'https:') return proxy
  throw new UnusableSource(
    `The proxy for ${address.hostname} is not an http: or https: address; correct ${address.protocol.slice(0, -1)}_proxy or all_proxy, or add ${address.hostname} to no_proxy.`,
  )
}

/**
 * Whether a host name or address is that of this machine itself.
 * @param {string} hostname as `URL` gives it
 */
export function isLoopback(hostname) {
  const host = unbracketed(hostname)
  return (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    (isIP(host) > 0 && contains('127.0.0.0/8', host)) ||
    host === '::1'
  )
}

/**
 * Whether a list such as `.example.org, 10.0.0.0/8, host:8080` excludes an address. A name excludes its sub-domains
 * too, with or without a dot before it.
 * @param {URL} address
 * @param {string} list
 */
function isExcluded({ hostname, port, protocol }, list) {
  const host = unbracketed(hostname)
  const actualPort = port || (protocol === 'https:' ? '443' : '80')
  return list.split(/[\s,]+/).some((entry) => {
    if (entry === '*') return true
    const [, name = '', wanted = ''] = /^(.*?)(?::(\d+))?$/.exec(entry.includes('::') ? '' : entry) ?? []
    const excluded = unbracketed((name || entry).toLowerCase().replace(/^\*?\./, ''))
    if (excluded === '' || (wanted && wanted !== actualPort)) return false
    if (excluded.includes('/')) return isIP(host) > 0 && contains(excluded, host)
    return host === excluded || (isIP(host) === 0 && host.endsWith(`.${excluded}`))
  })
}

/**
 * @param {string} network such as `10.0.0.0/8`
 * @param {string} host an IP address
 */
function contains(network, host) {
  const [base = '', bits = ''] = network.split('/')
  const family = isIP(base)
  if (family === 0 || family !== isIP(host) || !/^\d+$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128))
    return false
  const list = new BlockList()
  const type = family === 4 ? 'ipv4' : 'ipv6'
  list.addSubnet(base, Number(bits), type)
  return list.check(host, type)
}

/** @param {string} host */
function unbracketed(host) {
  return host.replace(/^\[|\]$/g, '')
}
