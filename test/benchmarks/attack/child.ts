import { deviceVariables } from '@gauntlet/engine/device-variables'
import { spawn } from 'node:child_process'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { AttackBenchmarkInvalid } from './attack-benchmark-invalid.ts'

/** What a program prints, line by line, once it has ended well. What it says on standard error is seen at once. */
export async function linesOf([program, ...words]: readonly string[], { threads }: { threads: number }): Promise<string[]> {
  const env = { ...process.env, ...deviceVariables({ threads }) }
  const child = spawn(program!, words, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout })) lines.push(line)
  const code = await ended
  if (code !== 0) throw new AttackBenchmarkInvalid(`\`${program} ${words.join(' ')}\` ended with ${code}; its words are above.`)
  return lines
}

/** The JSON among them. */
export async function answersOf<Answer>(command: readonly string[], { threads }: { threads: number }): Promise<Answer[]> {
  const lines = await linesOf(command, { threads })
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Answer)
}
