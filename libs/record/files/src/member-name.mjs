import { quoted } from './refuse.mjs'

/** @typedef {import('./refuse.mjs').Refuse} Refuse */

/**
 * The name of an archive's member as a relative path without `.` parts and without a slash at its end; empty for the
 * archive's own folder. Refuses a name that leads out of the folder the archive is unpacked to, on any system.
 * @param {string} name as the archive has it
 * @param {Refuse} refuse
 */
export function memberName(name, refuse) {
  const parts = name.replace(/\/$/, '').split('/')
  const plain = parts.filter((part) => part !== '.').join('/')
  const isUnsafe = parts.includes('') || parts.includes('..') || /^[A-Za-z]:|[\\\0]/.test(plain)
  if (isUnsafe) refuse(`it has a member named ${quoted(name)}, which leads out of it or has an empty part`)
  return plain
}
