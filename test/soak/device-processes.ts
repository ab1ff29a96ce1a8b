import { execFileSync } from 'node:child_process'

/** The pids of the device processes of a GPU worker. */
export function deviceProcessesOf(worker: number): number[] {
  const children = execFileSync('ps', ['--ppid', String(worker), '-o', 'pid=,args='], { encoding: 'utf8' }).split('\n')
  return children.filter((line) => line.includes('device-main')).map((line) => Number.parseInt(line, 10))
}
