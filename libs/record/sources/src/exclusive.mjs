import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { processIdentity } from './process-identity.mjs'

/**
 * Runs `action` while holding the lock file `path`, so that it never overlaps with the same action of another process
 * (or of this one). A holder that was killed loses the lock at once. `onWait` is called once if somebody else holds it.
 * @template Result @param {string} path @param {() => Promise<Result>} action @param {{ signal?: AbortSignal |
 * undefined, onWait?: ((holder: number) => void) | undefined }} [options] @returns {Promise<Result>}
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
  if (create(path)) return true
  return isAbandoned(path) && breakLock(path) && create(path)
}

/** @param {string} path */
function create(path) {
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
 * Held by a process that is no more, or left empty by one killed between creating and writing it. @param {string} path
 */
function isAbandoned(path) {
  const holder = holderOf(path)
  if (holder) return processIdentity(holder.pid) !== holder.identity
  return olderThan(path, 2_000)
}

/**
 * Two processes may both see an abandoned lock; the second must not remove the lock the first has just taken. So
 * whoever breaks it holds a second lock for that moment and looks again. @param {string} path
 */
function breakLock(path) {
  const guard = `${path}.break`
  if (!create(guard)) {
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

/** @param {string} path @param {number} milliseconds */
function olderThan(path, milliseconds) {
  try {
    return Date.now() - statSync(path).mtimeMs > milliseconds
  } catch {
    return false
  }
}
