import { isPoolName } from '@gauntlet/contract'
import type { RecordedDeclaration } from '@gauntlet/ledger'
import type { Command } from 'commander'
import { Misuse } from '../command-failed.ts'
import { parseSize } from '../parse/parse-size.ts'

/** What is said of the machines of a pool. */
export interface DeclareOptions {
  readonly class: string
  readonly memory?: number
}

/** Adds the options that say what the machines of a pool are. */
export function withClass(command: Command): Command {
  return command
    .requiredOption('--class <name>', 'the class of its accelerators, such as h100 or cpu')
    .option(
      '--memory <size>',
      'memory of one device, such as 80GB; configurations go to the smallest they fit (default: as much as any needs)',
      parseSize,
    )
}

/** Throws `Misuse` for a name that makes no queue, job or file. */
export function requireName(name: string): void {
  if (!isPoolName(name) || name === 'default')
    throw new Misuse(
      `${JSON.stringify(name)} is no name for a declared pool; use up to 40 lower-case letters, digits and hyphens, and not default.`,
    )
}

/** A pool in a line. */
export function declaredSentence({ name, version, accelerator, memory }: RecordedDeclaration): string {
  return `${name}, version ${version}: ${accelerator}${memory === null ? '' : `, ${gigabytes(memory)} a device`}.`
}

/** Bytes as people write them. */
export function gigabytes(bytes: number): string {
  return `${Number((bytes / 1e9).toPrecision(3))} GB`
}
