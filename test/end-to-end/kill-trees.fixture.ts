import { execFileSync } from 'node:child_process'

/**
 * Sends SIGKILL to processes and to all their descendants, such as the sessions of Postgres, which are in process
 * groups of their own.
 */
export function killTrees(roots: readonly number[]): void {
  for (const pid of processTrees(roots)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}

/** Pids of processes and of all their descendants. */
export function processTrees(roots: readonly number[]): number[] {
  const children = childrenByParent()
  const pids = [...roots]
  for (const pid of pids) pids.push(...(children.get(pid) ?? []))
  return pids
}

function childrenByParent(): Map<number, number[]> {
  const children = new Map<number, number[]>()
  for (const line of execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n')) {
    const [pid, parent] = line.trim().split(/\s+/).map(Number) as [number, number]
    children.set(parent, [...(children.get(parent) ?? []), pid])
  }
  return children
}
