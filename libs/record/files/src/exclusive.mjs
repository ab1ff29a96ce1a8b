import { randomUUID } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DiskFull, diskFullOr } from './disk-full.mjs'
import { isThisHost, thisHost } from './host.mjs'
import { processIdentity } from './process-identity.mjs'

/**
 * Who holds a lock.
 * @typedef {object} Holder
 * @property {number} pid on its host
 * @property {string | undefined} identity as `processIdentity` gives it there
 * @property {import('./host.mjs').Host | undefined} host of the process; absent in a lock of an older version
 * @property {string | undefined} [id] one of each time that the lock is taken
 */

/** Milliseconds after which a holder renews its lock, so that other hosts see that it lives. */
const renewal = 5_000

/** The id of a holding whose lock is an empty file, because the disk is full. */
const unwritten = ''

/** Milliseconds without a renewal after which an empty lock counts as that of a process that was killed. */
const longestEmpty = 2_000

/**
 * Milliseconds without a renewal after which a lock of another host counts as abandoned. A file server may show times
 * that are a minute old.
 */
const longestSilence = 120_000

/**
 * Runs `action` while holding the lock file `path`, so that it never overlaps with an action under the same lock, of
 * another process or of this one. A holder of this host that was killed loses the lock at once. Of a holder of another
 * host, which shares the file system, nothing is known but that it renews its lock; it loses the lock when it has not
 * for two minutes.
 *
 * A host that stands still for longer, such as a suspended laptop, may go on beside the next holder. So an action on
 * files that hosts share must end with a check of what it made.
 *
 * On a full disk the lock is an empty file, so that what runs can be stopped. Throws `DiskFull` where not even that is
 * possible.
 * @template Result
 * @param {string} path
 * @param {() => Promise<Result>} action
 * @param {object} [options]
 * @param {AbortSignal | undefined} [options.signal] ends the waiting
 * @param {((holder: Holder | undefined) => void) | undefined} [options.onWait] called once when the lock is not free
 * @param {number | undefined} [options.silence] milliseconds without a renewal that end the lock of another host
 * @returns {Promise<Result>}
 */
export async function exclusively(path, action, { signal, onWait, silence = longestSilence } = {}) {
  mkdirSync(dirname(path), { recursive: true })
  const id = await acquire(path, { signal, onWait, silence })
  const renewing = setInterval(() => renew(path, id), id === unwritten ? longestEmpty / 4 : renewal)
  renewing.unref()
  try {
    return await action()
  } finally {
    clearInterval(renewing)
    if (isHeldBy(path, id)) rmSync(path, { force: true })
  }
}

/**
 * Takes the lock, and waits for it if need be. Gives the id of this holding.
 * @param {string} path
 * @param {{ signal: AbortSignal | undefined, onWait: ((holder: Holder | undefined) => void) | undefined, silence:
 * number }} options
 */
async function acquire(path, { signal, onWait, silence }) {
  let seen = { state: '', since: performance.now() }
  for (let tries = 0; ; tries++) {
    const id = createLock(path)
    if (id !== undefined) return id
    const state = stateOf(path)
    if (state !== seen.state) seen = { state, since: performance.now() }
    const isSilent = performance.now() - seen.since > silence
    if (isAbandoned(path, isSilent) && breakLock(path, state)) continue
    signal?.throwIfAborted()
    if (tries === 0) onWait?.(holderOf(path))
    await sleep(Math.min(20 * 1.3 ** tries, 250))
  }
}

/**
 * Creates the lock and gives the id of this holding; undefined where there is a lock already.
 * @param {string} path
 */
function createLock(path) {
  const file = openNew(path)
  if (file === undefined) return undefined
  const id = randomUUID()
  /** @type {Holder} */
  const holder = { pid: process.pid, identity: processIdentity(process.pid), host: thisHost(), id }
  try {
    writeFileSync(file, JSON.stringify(holder))
    return id
  } catch (error) {
    if (diskFullOr(error, path) instanceof DiskFull) return unwritten
    throw error
  } finally {
    closeSync(file)
  }
}

/**
 * Creates a file and opens it; undefined where there is one already.
 * @param {string} path
 */
function openNew(path) {
  try {
    return openSync(path, 'wx')
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return undefined
    throw diskFullOr(error, path)
  }
}

/** @param {string} path @param {string} id */
function isHeldBy(path, id) {
  return (holderOf(path)?.id ?? unwritten) === id
}

/** @param {string} path @param {string} id */
function renew(path, id) {
  if (!isHeldBy(path, id)) return
  try {
    utimesSync(path, new Date(), new Date())
  } catch {
    // It was taken away in this moment; the next holder's file is renewed by its own process.
  }
}

/**
 * Who holds the lock; `undefined` while it is being written, or when it is gone.
 * @param {string} path
 * @returns {Holder | undefined}
 */
function holderOf(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}

/**
 * What changes when the lock is taken or renewed.
 * @param {string} path
 */
function stateOf(path) {
  const { mtimeMs = 0 } = statSync(path, { throwIfNoEntry: false }) ?? {}
  return `${mtimeMs} ${holderOf(path)?.id}`
}

/**
 * Whether the holder of a lock lives no more, was killed before it wrote the lock, or is of another host and silent.
 * @param {string} path
 * @param {boolean} isSilent
 */
function isAbandoned(path, isSilent) {
  const holder = holderOf(path)
  if (!holder) return olderThan(path, longestEmpty)
  return isThisHost(holder.host) ? processIdentity(holder.pid) !== holder.identity : isSilent
}

/**
 * Removes an abandoned lock. Two processes may both see that it is abandoned, and the second must not remove the lock
 * that the first has taken meanwhile. So a process that removes it holds a second lock while it looks again.
 * @param {string} path
 * @param {string} state in which it was seen to be abandoned
 */
function breakLock(path, state) {
  const guard = `${path}.break`
  if (createLock(guard) === undefined) {
    if (olderThan(guard, 10_000)) rmSync(guard, { force: true })
    return false
  }
  try {
    if (stateOf(path) !== state) return false
    rmSync(path, { force: true })
    return true
  } finally {
    rmSync(guard, { force: true })
  }
}

/**
 * @param {string} path
 * @param {number} milliseconds
 */
function olderThan(path, milliseconds) {
  try {
    return Date.now() - statSync(path).mtimeMs > milliseconds
  } catch {
    return false
  }
}
