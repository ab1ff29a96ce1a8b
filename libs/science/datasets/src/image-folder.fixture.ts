import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { emptyFolder } from '@gauntlet/files/fixtures/empty-folder'
import { encodePng } from '@gauntlet/pictures'

/** A square PNG of one colour that is the seed's own, so that no two seeds give the same bytes. */
export function pngOf(seed: number, side = 4): Uint8Array {
  const pixel = [seed & 255, (seed >> 8) & 255, 77]
  const data = Uint8Array.from({ length: 3 * side * side }, (_, i) => pixel[i % 3]!)
  return encodePng({ width: side, height: side, data })
}

/** The content of files by name: numbers stand for the images of `pngOf`. */
export type Contents = Readonly<Record<string, number | string | Uint8Array>>

/** Bytes by name. */
export function bytesOf(contents: Contents): { name: string; bytes: Uint8Array }[] {
  return Object.entries(contents).map(([name, content]) => ({
    name,
    bytes: typeof content === 'number' ? pngOf(content) : Buffer.from(content),
  }))
}

/** Writes files into a new folder, which vitest removes. */
export function folderOf(contents: Contents): string {
  const folder = emptyFolder()
  for (const { name, bytes } of bytesOf(contents)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), bytes)
  }
  return folder
}

/** `count` images for each of the classes, in folders under `prefix`. */
export function classesOf(classes: readonly string[], count: number, prefix = '', firstSeed = 0): Contents {
  return Object.fromEntries(
    classes.flatMap((name, label) =>
      Array.from({ length: count }, (_, i) => [`${prefix}${name}/${i}.png`, firstSeed + 1000 * label + i]),
    ),
  )
}
