import { z } from 'zod'
import type { Digest } from './digest.ts'
import { ProblemList } from './schema/problem-list.ts'
import { sha256, source } from './schema/schema-parts.ts'
import { StudyFileInvalid } from './schema/study-problem.ts'
import { readYaml } from './schema/yaml-source.ts'

/** The digest of what a source held when it was first used. */
export interface PinnedSource {
  /** The source with each movable name replaced by what it stood for then, such as a hub's branch by its commit. */
  readonly source: string
  readonly sha256: Digest
  /** The number of classes of a dataset, where neither the study nor the catalogue gives it. */
  readonly classes?: number
}

/** The pins of a study's sources, by the source as the catalogue or the study writes it. */
export type SourceLock = ReadonlyMap<string, PinnedSource>

const pin = z.strictObject({ source, sha256, classes: z.int().min(2).max(100_000).exactOptional() })
const lockSchema = z.strictObject({ lock: z.literal(1), sources: z.record(source, pin) })

/** The line that separates a study file from the lock behind it. */
const separator = '--- # lock'

/** The name of the lock file that belongs beside a study file. */
export function lockFileName(studyFileName: string): string {
  return `${studyFileName.replace(/(\.study)?\.ya?ml$/, '')}.lock.yaml`
}

/** Reads a lock file. Throws `StudyFileInvalid` unless it is as `formatLock` writes it. */
export function parseLock(text: string, fileName: string): SourceLock {
  const { value, locate } = readYaml(text, fileName)
  const parsed = lockSchema.safeParse(value)
  if (parsed.success) return new Map(Object.entries(parsed.data.sources))
  const problems = new ProblemList(fileName, locate)
  for (const { path } of parsed.error.issues)
    problems.add(
      path as (string | number)[],
      'Gauntlet does not write lock files like this; restore the file, or delete it to pin its sources again.',
    )
  throw new StudyFileInvalid(problems.sorted())
}

/** The text of a lock file. The same pins always give the same text. */
export function formatLock(lock: SourceLock, studyFileName: string): string {
  const sources = [...lock].sort(([a], [b]) => (a < b ? -1 : 1))
  const quoted = (text: string) => JSON.stringify(text)
  return [
    `# What the sources of ${studyFileName} held when they were first used; whatever differs later is an error.`,
    '# Written by gauntlet. Keep it in git, beside the study.',
    'lock: 1',
    'sources:',
    ...sources.flatMap(([written, pinned]) => [
      `  ${quoted(written)}:`,
      `    source: ${quoted(pinned.source)}`,
      `    sha256: ${quoted(pinned.sha256)}`,
      ...(pinned.classes === undefined ? [] : [`    classes: ${pinned.classes}`]),
    ]),
    '',
  ].join('\n')
}

/** A study file with its lock behind it: one text that means the same wherever it is read. */
export function withLock(study: string, lock: SourceLock, studyFileName: string): string {
  if (lock.size === 0) return study
  const { text } = splitLock(study)
  return `${text}${text.endsWith('\n') ? '' : '\n'}${separator}\n${formatLock(lock, studyFileName)}`
}

/** Splits a study file with its lock into the two texts. */
export function splitLock(text: string): { readonly text: string; readonly lock: string | null } {
  const at = `\n${text}`.indexOf(`\n${separator}\n`)
  return at < 0 ? { text, lock: null } : { text: text.slice(0, at), lock: text.slice(at + separator.length + 1) }
}
