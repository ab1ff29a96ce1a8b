import { noteUse, removeUnused } from '@gauntlet/files/unused-files'
import { existsSync, mkdirSync } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'
import sharp from 'sharp'
import type { DatasetManifest, ManifestImage } from './manifest.ts'

/**
 * Images as they are after decoding and resizing, kept on this machine for all configurations that use the dataset at
 * this resolution. The file has a slot for each image: a checksum, then [side, side, 3] bytes. A slot that does not
 * have its checksum is empty, whatever left it so: a fresh file, a kill in the middle of writing, a damaged disk. So no
 * process waits for another, and there is nothing to build or to repair. The system maps the pages that are read. A
 * file that was not used for thirty days goes when another is made.
 */
export interface DecodedCache {
  /** The pixels of an image; null where its slot is empty. */
  read(image: ManifestImage): Promise<Uint8Array | null>
  write(image: ManifestImage, pixels: Uint8Array): Promise<void>
  close(): Promise<void>
}

/**
 * Changes with the bytes that decoding and resizing give. Both are those of Pillow, to the bit, so that it changes when
 * an encoding is read otherwise than before (`image-encodings.test.ts`).
 */
const version = 'pixels-1'
const checksumBytes = 4

/** Opens the cache of a dataset in a folder. A disk that is full, or may not be written, is left as it is. */
export function openDecodedCache(manifest: DatasetManifest, folder: string): DecodedCache {
  const { images, resolution, splits } = manifest
  const slotBytes = checksumBytes + 3 * resolution ** 2
  const offsets = [...new Set(Object.values(splits).flatMap((entries = []) => entries.map(({ offset }) => offset)))]
  const slots = new Map(offsets.sort((a, b) => a - b).map((offset, slot) => [offset, slot * slotBytes]))
  const path = join(folder, `${images.digest}-${resolution}-${version}-${sharp.versions.sharp}`)
  let opened: Promise<FileHandle | null> | undefined
  let isWritable = true

  async function file(): Promise<FileHandle | null> {
    opened ??= openForBoth(path)
    return opened
  }
  return {
    async read({ offset }) {
      const slot = new Uint8Array(slotBytes)
      const { bytesRead = 0 } = (await (await file())?.read(slot, 0, slotBytes, slots.get(offset)!)) ?? {}
      const pixels = slot.subarray(checksumBytes)
      return bytesRead === slotBytes && checksumOf(pixels) === checksumIn(slot) ? pixels : null
    },
    async write({ offset }, pixels) {
      const handle = await file()
      if (!handle || !isWritable) return
      const slot = new Uint8Array(slotBytes)
      new DataView(slot.buffer).setUint32(0, checksumOf(pixels))
      slot.set(pixels, checksumBytes)
      try {
        await handle.write(slot, 0, slotBytes, slots.get(offset)!)
      } catch {
        isWritable = false // the disk is full or failed; what is not kept is decoded again
      }
    },
    async close() {
      await (await opened)?.close()
      opened = undefined
    },
  }
}

async function openForBoth(path: string): Promise<FileHandle | null> {
  try {
    const folder = dirname(path)
    mkdirSync(folder, { recursive: true })
    const isFresh = !existsSync(path)
    await (await open(path, 'a')).close() // makes it where it is not there
    if (isFresh) removeUnused(folder, path)
    else noteUse(path)
    return await open(path, 'r+')
  } catch {
    return null // a folder that cannot be written keeps nothing
  }
}

/** Never the checksum that a slot of zeros would claim to have. */
function checksumOf(pixels: Uint8Array): number {
  return (crc32(pixels) ^ 0x5ca1ab1e) >>> 0 || 1
}

function checksumIn(slot: Uint8Array): number {
  return new DataView(slot.buffer).getUint32(0)
}
