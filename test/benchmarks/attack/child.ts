import { deviceVariables } from '@gauntlet/engine/device-variables'
import { spawn } from 'node:child_process'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { AttackBenchmarkInvalid } from './attack-benchmark-invalid.ts'

interface ChildOptions {
  readonly threads: number
}

/**
 * The lines that a program prints, once it has ended with code 0. `onLine` is called with each line as it comes; what
 * the program prints on standard error goes to ours.
 */
export async function linesOf(
  [program, ...words]: readonly string[],
  { threads }: ChildOptions,
  onLine?: (line: string) => void,
): Promise<string[]> {
  const env = { ...process.env, ...deviceVariables({ threads }) }
  const child = spawn(program!, words, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line)
    onLine?.(line)
  }
  const code = await ended
  if (code !== 0)
    throw new AttackBenchmarkInvalid(`\`${program} ${words.join(' ')}\` ended with ${code}; see what it printed above.`)
  return lines
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
