import { UnusableSource } from './download-errors.mjs'

/**
 * The name of an archive's member if it stays inside the folder it is unpacked to; anything else is an attack or a
 * broken archive. @param {string} name
 */
export function safeMemberName(name) {
  const parts = name.split('/')
  const isUnsafe =
    name === '' || /[\\\0]/.test(name) || name.startsWith('/') || /^[A-Za-z]:/.test(name) || parts.includes('..')
  if (isUnsafe)
    throw new UnusableSource(
      `The archive has a member named ${JSON.stringify(name)}, which leads out of its folder; do not use this archive.`,
    )
  return name
}
