import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/**
 * What a process id means something on: one boot of one kernel, and one namespace of process ids in it. Two containers
 * of a machine are two hosts, and so are a machine and itself after a restart. The namespace of the network counts too,
 * because a service on 127.0.0.1 is reached in its own alone.
 * @typedef {object} Host
 * @property {string} name as the machine calls itself; two machines may have the same
 * @property {string} machine id of the installed system (machine-id(5)); empty where there is none, as in containers
 * @property {string} boot changes with every start of the machine; empty where the kernel does not give it
 * @property {string} namespaces of process ids and of the network; empty where the kernel does not give them
 */

/** @type {Host | undefined} */
let known

/**
 * The host of this process.
 * @returns {Host}
 */
export function thisHost() {
  known ??= {
    name: hostname(),
    machine: contentOf('/etc/machine-id'),
    boot: bootIdentity(),
    namespaces: ['pid', 'net']
      .map((kind) => namespaceOf(kind))
      .join(' ')
      .trim(),
  }
  return known
}

/**
 * Whether process ids of that host are those of this one. Records from before there were hosts in them have none; they
 * are of this host.
 * @param {Host | undefined} host
 */
export function isThisHost(host) {
  const own = thisHost()
  return host === undefined || (isThisMachine(host) && host.boot === own.boot && host.namespaces === own.namespaces)
}

/**
 * Whether that host is this machine before it was restarted, so that none of its processes lives any more. Where the
 * machine has no id that is not known.
 * @param {Host} host
 */
export function isEarlierBoot(host) {
  return isThisMachine(host) && host.machine !== '' && host.boot !== thisHost().boot
}

/** @param {Host} host */
function isThisMachine({ name, machine }) {
  return name === thisHost().name && machine === thisHost().machine
}

/** Changes with every start of the machine; empty where the kernel does not give it. */
export function bootIdentity() {
  return contentOf('/proc/sys/kernel/random/boot_id')
}

/** @param {string} file */
function contentOf(file) {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return ''
  }
}

/** @param {string} kind as in namespaces(7) */
function namespaceOf(kind) {
  try {
    return readlinkSync(`/proc/self/ns/${kind}`)
  } catch {
    return ''
  }
}
