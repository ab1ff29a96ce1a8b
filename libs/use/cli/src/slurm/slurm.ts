import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { withoutCredentials } from '@gauntlet/infra'
import { CommandFailed } from '../command-failed.ts'
import { parseJobs, squeueFormat, type SlurmJob } from './squeue.ts'

/** SLURM refused a command; the message is its own. */
export class SlurmRefused extends Error {
  override readonly name = 'SlurmRefused'
}

/** The jobs of a name that wait, run or are about to end, and those that have ended and SLURM still remembers. */
export async function jobsOf(name: string): Promise<SlurmJob[]> {
  const args = ['--me', '--states=all', '--noheader', '--array', `--name=${name}`, `--format=${squeueFormat}`]
  return parseJobs(await slurm('squeue', args))
}

/** Jobs to be submitted. */
export interface Submission {
  readonly script: string
  readonly name: string
  /** The pattern of the file with what an element prints: `%A_%a` stands for the job and the element, `%%` for `%`. */
  readonly log: string
  readonly options: readonly string[]
}

/** Submits an array of so many elements. Gives the ids of its jobs. */
export async function submit(submission: Submission, elements: number): Promise<string[]> {
  const printed = await slurm('sbatch', ['--parsable', ...submissionArguments(submission, elements)])
  const [job] = printed.trim().split(';') // what may follow is the name of the cluster
  return Array.from({ length: elements }, (_, index) => `${job}_${index + 1}`)
}

/** Asks SLURM whether it would take such a job; submits nothing. Throws `SlurmRefused`. */
export async function trySubmission(submission: Submission): Promise<void> {
  await slurm('sbatch', ['--test-only', ...submissionArguments(submission, 1)])
}

/** Ours come last, and so count, whatever the options and the variables of sbatch are, such as SBATCH_REQUEUE. */
function submissionArguments({ script, name, log, options }: Submission, elements: number): string[] {
  return [...options, '--no-requeue', `--job-name=${name}`, `--output=${log}`, `--array=1-${elements}`, script]
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
