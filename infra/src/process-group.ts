import { readdirSync, readFileSync } from 'node:fs'

/** The variable that tells the processes of one start from those of any other: each start has a value of its own. */
export const startVariable = 'GAUNTLET_START'

/** The processes of a group that were started with this value of `GAUNTLET_START`; none where there is no /proc. */
export function groupMembers(group: number, start: string): number[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && groupOf(pid) === group && variablesOf(pid).includes(`${startVariable}=${start}`))
}

/** The third field behind the name, which stands in brackets and may hold anything (proc(5)). */
function groupOf(pid: number): number {
  const line = textOf(`/proc/${pid}/stat`)
  return Number(line.slice(line.lastIndexOf(')') + 2).split(' ')[2])
}

function variablesOf(pid: number): string[] {
  return textOf(`/proc/${pid}/environ`).split('\0')
}

/** Empty where the process has ended meanwhile, or is of another account. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
