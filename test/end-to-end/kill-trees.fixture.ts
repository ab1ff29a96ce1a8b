import { execFileSync } from 'node:child_process'

/**
 * SIGKILL to processes and to all that descend from them, such as Postgres' sessions, which are in process groups of
 * their own.
 */
export function killTrees(roots: readonly number[]): void {
  const children = childrenByParent()
  const doomed = [...roots]
  for (const pid of doomed) doomed.push(...(children.get(pid) ?? []))
  for (const pid of doomed) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}

function childrenByParent(): Map<number, number[]> {
  const children = new Map<number, number[]>()
  for (const line of execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n')) {
    const [pid, parent] = line.trim().split(/\s+/).map(Number) as [number, number]
    children.set(parent, [...(children.get(parent) ?? []), pid])
  }
  return children
}
