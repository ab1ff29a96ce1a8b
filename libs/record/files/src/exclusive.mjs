import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { processIdentity } from './process-identity.mjs'

/**
 * Runs `action` while holding the lock file `path`, so that it never overlaps with an action under the same lock, of
 * another process or of this one. A holder that was killed loses the lock at once. Locks hold on one machine.
 * @template Result
 * @param {string} path
 * @param {() => Promise<Result>} action
 * @param {object} [options]
 * @param {AbortSignal | undefined} [options.signal] ends the waiting
 * @param {((holder: number) => void) | undefined} [options.onWait] called once, with the pid of the holder, when the
 *   lock is not free
 * @returns {Promise<Result>}
 */
export async function exclusively(path, action, { signal, onWait } = {}) {
  mkdirSync(dirname(path), { recursive: true })
  for (let tries = 0; !acquire(path); tries++) {
    signal?.throwIfAborted()
    if (tries === 0) onWait?.(holderOf(path)?.pid ?? 0)
    await sleep(Math.min(20 * 1.3 ** tries, 250))
  }
  try {
    return await action()
  } finally {
    rmSync(path, { force: true })
  }
}

/** @param {string} path */
function acquire(path) {
  if (createLock(path)) return true
  return isAbandoned(path) && breakLock(path) && createLock(path)
}

/** @param {string} path */
function createLock(path) {
  try {
    writeFileSync(path, JSON.stringify({ pid: process.pid, identity: processIdentity(process.pid) }), { flag: 'wx' })
    return true
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false
    throw error
  }
}

/**
 * Who holds the lock; `undefined` while it is being written, or when it is gone.
 * @param {string} path
 * @returns {{ pid: number, identity: string | undefined } | undefined}
 */
function holderOf(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}

/**
 * Whether the holder of a lock lives no more, or was killed between creating the lock and writing it.
 * @param {string} path
 */
function isAbandoned(path) {
  const holder = holderOf(path)
  if (holder) return processIdentity(holder.pid) !== holder.identity
  return olderThan(path, 2_000)
}

/**
 * Removes an abandoned lock. Two processes may both see that it is abandoned, and the second must not remove the lock
 * that the first has taken meanwhile. So a process that removes it holds a second lock while it looks again.
 * @param {string} path
 */
function breakLock(path) {
  const guard = `${path}.break`
  if (!createLock(guard)) {
    if (olderThan(guard, 10_000)) rmSync(guard, { force: true })
    return false
  }
  try {
    if (!isAbandoned(path)) return false
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
