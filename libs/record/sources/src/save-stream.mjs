import { createHash, randomUUID } from 'node:crypto'
import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { writeError } from './download-errors.mjs'

/**
 * Writes pieces to `file` under a temporary name, which it loses only when all are safely on disk and `check` has
 * accepted their SHA-256. @param {AsyncIterable<Uint8Array>} pieces @param {string} file @param {{ mode?: number,
 * check?: (digest: string) => void, onBytes?: ((bytes: number) => void) | undefined, signal?: AbortSignal | undefined
 * }} [options] @returns {Promise<string>} the digest
 */
export async function saveStream(pieces, file, { mode = 0o644, check, onBytes, signal } = {}) {
  mkdirSync(dirname(file), { recursive: true })
  const temporary = `${file}.${randomUUID()}.tmp`
  const hash = createHash('sha256')
  try {
    const handle = await open(temporary, 'wx', mode)
    try {
      for await (const piece of pieces) {
        signal?.throwIfAborted()
        for (let done = 0; done < piece.length;) done += (await handle.write(piece, done)).bytesWritten
        hash.update(piece)
        onBytes?.(piece.length)
      }
      await handle.sync()
    } finally {
      await handle.close()
    }
    const digest = hash.digest('hex')
    check?.(digest)
    renameSync(temporary, file)
    return digest
  } catch (error) {
    rmSync(temporary, { force: true })
    throw writeError(error, file)
  }
}
