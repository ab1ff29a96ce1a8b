import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { open, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { digestOfFile } from '../../files/src/digest-of-file.mjs'
import { DiskFull, diskFullOr } from '../../files/src/disk-full.mjs'
import { exclusively } from '../../files/src/exclusive.mjs'
import { renameDurably } from '../../files/src/write-atomically.mjs'
import { DigestMismatch } from './download-errors.mjs'
import { Interrupted, openStream, printableAddress } from './http-stream.mjs'
import { retrying } from './retry.mjs'

/**
 * @typedef {object} Download
 * @property {string} url `https:` or `http:`
 * @property {string | undefined} sha256 64 hexadecimal digits; `undefined` only where what is taken out of the file is
 *   checked
 * @property {string} file where it ends up; appears whole and checked, or not at all
 * @property {Record<string, string> | undefined} [headers]
 * @property {((progress: { received: number, total: number | undefined }) => void) | undefined} [onProgress] bytes,
 *   with those of earlier tries
 * @property {AbortSignal | undefined} [signal]
 * @property {number | undefined} [pause] milliseconds before the first repetition
 * @property {number | undefined} [stall] milliseconds without a byte that end a try
 */

/** @typedef {{ status: number, headers: Headers }} Answer */

/**
 * Fetches a file: goes on where an earlier try stopped, tries again where the connection broke, checks the digest, and
 * only then gives the file its name. Several processes may ask for the same file at once; one of them fetches it.
 * @param {Download} download
 * @returns {Promise<string>} `file`
 */
export async function download(download) {
  const { file, sha256, signal } = download
  mkdirSync(dirname(file), { recursive: true })
  return exclusively(
    `${file}.lock`,
    async () => {
      if (existsSync(file) && (sha256 === undefined || (await digestOfFile(file)) === sha256)) return file
      await fetchChecked(download)
      await renameDurably(`${file}.partial`, file)
      rmSync(`${file}.partial.etag`, { force: true })
      return file
    },
    { signal },
  )
}

/**
 * Leaves the checked bytes in `<file>.partial`.
 * @param {Download} download
 */
async function fetchChecked(download) {
  const { sha256, url, signal, pause } = download
  const partial = `${download.file}.partial`
  const progress = () => statSync(partial, { throwIfNoEntry: false })?.size ?? 0
  for (let restarted = false; ; restarted = true) {
    const start = await retrying(() => transfer(download, partial), { signal, pause, progress })
    if (sha256 === undefined) return
    // The file is read again, and not hashed as it arrives: what counts is what the disk has, which another machine may
    // have written to as well.
    const digest = await digestOfFile(partial)
    if (digest === sha256) return
    rmSync(partial, { force: true })
    rmSync(`${partial}.etag`, { force: true })
    // A resumed download may have begun with an older version of the file, so the whole is fetched once more before the
    // source counts as wrong.
    if (start === 0 || restarted) {
      throw new DigestMismatch(
        `${printableAddress(url)} has SHA-256 ${digest}, not ${sha256}; if the publisher replaced it pin the new one, else try another mirror.`,
      )
    }
  }
}

/**
 * One try: appends what is missing. Gives the byte at which the try began.
 * @param {Download} download
 * @param {string} partial
 */
async function transfer({ url, headers, signal, stall, onProgress }, partial) {
  const file = await open(partial, 'a+')
  try {
    const { size } = await file.stat()
    const response = await openStream({ url, headers: { ...headers, ...rangeFrom(size, partial) }, signal, stall })
    const start = startOf(response, size)
    if (start === 0 && size > 0) await file.truncate(0)
    rememberVersion(response, partial)
    const total = await announcedTotal(response, start, partial)
    let received = start
    if (response.status !== 416) {
      for await (const chunk of response.body) {
        await append(file, chunk, partial)
        received += chunk.length
        onProgress?.({ received, total })
      }
    }
    if (total !== undefined && received < total)
      throw new Interrupted(`${printableAddress(url)} ends after ${received} of ${total} bytes`)
    await file.sync()
    await refuseMixture(file, received, partial)
    return start
  } finally {
    await file.close()
  }
}

/**
 * Starts over where another process has written to the file too. The lock keeps others out, except one on another host
 * that stood still for so long that it lost the lock.
 * @param {import('node:fs/promises').FileHandle} file
 * @param {number} received bytes, with those of earlier tries
 * @param {string} partial
 */
async function refuseMixture(file, received, partial) {
  const { size } = await file.stat()
  if (size === received) return
  await file.truncate(0)
  throw new Interrupted(`Another process has written to ${partial}`)
}

/**
 * Asks for what is missing. Where the server gave the file a tag, the request is made on the condition that the file
 * still has it (RFC 9110 §13.1.5).
 * @param {number} size
 * @param {string} partial
 * @returns {Record<string, string>}
 */
function rangeFrom(size, partial) {
  if (size === 0) return {}
  const range = `bytes=${size}-`
  const version = `${partial}.etag`
  return existsSync(version) ? { range, 'if-range': readFileSync(version, 'utf8') } : { range }
}

/**
 * Keeps the tag of the file beside its bytes. A weak tag may belong to several versions of a file, so it is not kept.
 * @param {Answer} answer
 * @param {string} partial
 */
function rememberVersion({ status, headers }, partial) {
  const tag = headers.get('etag')
  if (status === 416) return
  if (tag && /^"[\x21\x23-\x7e]*"$/.test(tag)) writeFileSync(`${partial}.etag`, tag)
  else rmSync(`${partial}.etag`, { force: true })
}

/**
 * The byte at which the answer begins: a server may ignore a range, and answers 416 when nothing comes after `size`.
 * @param {Answer} answer
 * @param {number} size
 */
function startOf({ status, headers }, size) {
  if (status === 416) return size
  if (status !== 206) return 0
  const [, start] = /^bytes (\d+)-/.exec(headers.get('content-range') ?? '') ?? []
  if (Number(start) !== size) throw new Interrupted('The server sent another part than asked for')
  return size
}

/**
 * The bytes of the whole file, where the server announces them. Refuses a file whose rest does not fit on the disk.
 * @param {Answer} answer
 * @param {number} start
 * @param {string} partial
 */
async function announcedTotal({ status, headers }, start, partial) {
  const length = headers.get('content-length')
  if (status === 416 || length === null || headers.get('content-encoding')) return undefined
  const { bavail, bsize } = await statfs(dirname(partial))
  if (Number(length) > bavail * bsize) {
    throw new DiskFull(
      `${partial} needs ${Math.ceil(Number(length) / 1e6)} MB and the disk has ${Math.floor((bavail * bsize) / 1e6)} MB; free some space and start again.`,
    )
  }
  return start + Number(length)
}

/**
 * @param {import('node:fs/promises').FileHandle} file
 * @param {Uint8Array} chunk
 * @param {string} path
 */
async function append(file, chunk, path) {
  try {
    for (let done = 0; done < chunk.length;) done += (await file.write(chunk, done)).bytesWritten
  } catch (error) {
    throw diskFullOr(error, path)
  }
}
