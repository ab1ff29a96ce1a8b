import { deviceVariables } from '@gauntlet/engine/device-variables'
import { cacheFolder } from '@gauntlet/infra/cache-folder'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { AttackBenchmarkInvalid } from './attack-benchmark-invalid.ts'

/**
 * A program that prints a line of JSON once it is ready, and then whenever it is told to go on, and ends by itself. It
 * does nothing in between, so that several can take turns on one core.
 */
export class SteppedProgram<Answer> {
  private readonly child: ChildProcess
  private readonly lines: AsyncIterator<string>

  constructor(
    private readonly command: readonly string[],
    options: ChildOptions,
  ) {
    this.child = started(command, options, 'pipe')
    this.child.stdin!.on('error', () => {}) // it has ended by itself, which `step` sees
    this.lines = createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]()
  }

  /** Waits until it has loaded what it needs. */
  async ready(): Promise<void> {
    await this.next()
  }

  /** What it prints next; undefined once it has ended with code 0. */
  step(): Promise<Answer | undefined> {
    this.child.stdin!.write('\n')
    return this.next()
  }

  stop(): void {
    this.child.kill()
  }

  private async next(): Promise<Answer | undefined> {
    for (;;) {
      const { value, done } = await this.lines.next()
      if (done) return this.ended()
      if (value.startsWith('{')) return JSON.parse(value) as Answer
    }
  }

  private async ended(): Promise<undefined> {
    if (this.child.exitCode === null) await once(this.child, 'exit')
    requireZero(this.command, this.child.exitCode)
  }
}

interface ChildOptions {
  readonly threads: number
}

/**
 * The lines that a program prints, once it has ended with code 0. `onLine` is called with each line as it comes; what
 * the program prints on standard error goes to ours.
 */
export async function linesOf(
  command: readonly string[],
  options: ChildOptions,
  onLine?: (line: string) => void,
): Promise<string[]> {
  const child = started(command, options, 'ignore')
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout! })) {
    lines.push(line)
    onLine?.(line)
  }
  requireZero(command, await ended)
  return lines
}

function started([program, ...words]: readonly string[], { threads }: ChildOptions, input: 'pipe' | 'ignore') {
  // As device processes have it, which keep there what they found of programs (`keptAgreements`).
  const env = { ...process.env, GAUNTLET_CACHE: cacheFolder(), ...deviceVariables({ threads }) }
  return spawn(program!, words, { env, stdio: [input, 'pipe', 'inherit'] })
}

function requireZero(command: readonly string[], code: number | null): void {
  if (code !== 0)
    throw new AttackBenchmarkInvalid(`\`${command.join(' ')}\` ended with ${code}; see what it printed above.`)
}

/** The JSON objects among the lines that a program prints. `onAnswer` is called with each as it comes. */
export async function answersOf<Answer>(
  command: readonly string[],
  { threads }: ChildOptions,
  onAnswer?: (answer: Answer) => void,
): Promise<Answer[]> {
  const answers: Answer[] = []
  await linesOf(command, { threads }, (line) => {
    if (!line.startsWith('{')) return
    answers.push(JSON.parse(line) as Answer)
    onAnswer?.(answers.at(-1)!)
  })
  return answers
}
