import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { CommandFailed } from '../command-failed.ts'
import { withoutCredentials } from '../stack/credentials.ts'
import { parseJobs, squeueFormat, type SlurmJob } from './squeue.ts'

/** SLURM refused a command; the message is its own. */
export class SlurmRefused extends Error {
  override readonly name = 'SlurmRefused'
}

/** The jobs of a name that wait, run or are about to end, and those that SLURM remembers of the ones that have ended. */
export async function jobsOf(name: string): Promise<SlurmJob[]> {
  const args = ['--me', '--states=all', '--noheader', '--array', `--name=${name}`, `--format=${squeueFormat}`]
  return parseJobs(await slurm('squeue', args))
}

/** Submits an array of so many elements. Gives the ids of its jobs. */
export async function submit(script: string, options: readonly string[], elements: number): Promise<string[]> {
  const printed = await slurm('sbatch', ['--parsable', ...options, `--array=1-${elements}`, script])
  const [job] = printed.trim().split(';') // what may follow is the name of the cluster
  return Array.from({ length: elements }, (_, index) => `${job}_${index + 1}`)
}

/** Asks SLURM whether it would take such a job; submits nothing. Throws `SlurmRefused`. */
export async function trySubmission(script: string, options: readonly string[]): Promise<void> {
  await slurm('sbatch', ['--test-only', ...options, script])
}

export async function cancelJobs(jobs: readonly SlurmJob[]): Promise<void> {
  if (jobs.length > 0)
    await slurm(
      'scancel',
      jobs.map(({ id }) => id),
    )
}

async function slurm(command: string, args: readonly string[]): Promise<string> {
  const env = { ...process.env, ...withoutCredentials(), SLURM_TIME_FORMAT: undefined } // jobs inherit it
  try {
    return (await promisify(execFile)(command, args, { env })).stdout
  } catch (error) {
    const { code, stderr = '' } = error as { readonly code?: unknown; readonly stderr?: string }
    if (code === 'ENOENT')
      throw new CommandFailed(`There is no ${command} here; run this on a login node of the cluster.`, { cause: error })
    const said = stderr.trim().split('\n').at(-1) ?? ''
    throw new SlurmRefused(said.replace(/^\w+: (error: )?/, '') || `${command} failed`, { cause: error })
  }
}
