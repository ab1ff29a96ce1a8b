import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * Login and password of a host in the file that curl, pip and git read: `NETRC`, else `~/.netrc`. The entry `default`
 * is not used: it would send a password to any host. Addresses in studies hold no credentials, which would be kept for
 * ever in rows and lock files.
 * @param {string} hostname
 * @param {NodeJS.ProcessEnv} [environment]
 * @returns {{ login: string, password: string } | undefined}
 */
export function netrcEntry(hostname, environment = process.env) {
  const file = environment['NETRC'] || join(environment['HOME'] || homedir(), '.netrc')
  return entriesOf(contentOf(file)).find(({ machine }) => machine === hostname)
}

/** @param {string} text */
function entriesOf(text) {
  const withoutMacros = text.replace(/^\s*macdef\s[^]*?(\n\s*\n|$(?![^]))/gm, '')
  const words = withoutMacros.replace(/(^|\s)#.*$/gm, '').match(/"(?:\\.|[^"])*"|\S+/g) ?? []
  const plain = words.map((word) => (word.startsWith('"') ? word.slice(1, -1).replace(/\\(.)/g, '$1') : word))
  /** @type {{ machine: string, login: string, password: string }[]} */
  const entries = []
  for (let at = 0; at < plain.length; at++) {
    const word = plain[at]
    if (word === 'default') entries.push({ machine: '', login: '', password: '' })
    else if (word === 'machine') entries.push({ machine: plain[++at] ?? '', login: '', password: '' })
    else if (word === 'login' || word === 'password') {
      const entry = entries.at(-1)
      if (entry) entry[word] = plain[++at] ?? ''
    }
  }
  return entries
}

/** @param {string} file */
function contentOf(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
