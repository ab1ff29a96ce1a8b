import { mergeLocks, pinSources } from '@gauntlet/client'
import { exclusively, writeFileAtomically } from '@gauntlet/files'
import { identifySource } from '@gauntlet/sources'
import { formatLock, lockFileName, parseLock, parseStudy, withLock, type SourceLock, type Study } from '@gauntlet/study'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Misuse } from './command-failed.ts'
import { progressLine } from './progress-line.ts'

const shippedStudies = join(dirname(fileURLToPath(import.meta.resolve('@gauntlet/study'))), '../studies')
const extension = '.study.yaml'

/** A study file as the user named it: a path, or the name of one that ships with Gauntlet. */
export interface StudySource {
  readonly study: Study
  /** As they stand in the file, with the file's lock behind them. */
  readonly bytes: Uint8Array
  /** As a user would name it again. */
  readonly named: string
}

/** Reads a study with its lock. Every source of it must be pinned. */
export function readStudy(named: string): StudySource {
  const { bytes, path, shownName } = readStudyFile(named)
  const lock = readLock(path)
  const whole = lock.size === 0 ? bytes : Buffer.from(withLock(bytes.toString(), lock, basename(path)))
  return { study: parseStudy(whole, shownName), bytes: whole, named }
}

/**
 * As `readStudy`, but what no one has pinned yet is pinned now: what each such source holds is found out, and written
 * into the lock file beside the study before anything else happens.
 */
export async function readStudyPinned(named: string, cache: string): Promise<StudySource> {
  const { bytes, path, shownName } = readStudyFile(named)
  const pins = pinSources(bytes.toString(), shownName, readLock(path), (source) => identify(source, cache))
  let count = 0
  for await (const pin of pins) {
    await addToLock(path, new Map([pin]))
    count++
  }
  if (count > 0)
    console.error(
      `Pinned ${count} ${count === 1 ? 'source' : 'sources'} in ${lockFileName(path)}; keep it in git, beside the study.`,
    )
  return readStudy(named)
}

function readStudyFile(named: string): { bytes: Buffer; path: string; shownName: string } {
  const isPath = named.includes('/') || named.endsWith('.yaml') || named.endsWith('.yml')
  const path = isPath ? named : join(shippedStudies, named + extension)
  try {
    return { bytes: readFileSync(path), path, shownName: isPath ? named : named + extension }
  } catch {
    throw new Misuse(
      isPath
        ? `There is no study file ${named}; give the path of one.`
        : `There is no study ${named}; give a path, or one of ${shipped().join(', ')}.`,
    )
  }
}

function readLock(studyPath: string): SourceLock {
  const path = lockFileName(studyPath)
  return existsSync(path) ? parseLock(readFileSync(path, 'utf8'), path) : new Map()
}

/** Others may pin at the same time: what stands by then is kept, and must say the same. */
async function addToLock(studyPath: string, found: SourceLock): Promise<void> {
  const path = lockFileName(studyPath)
  await exclusively(`${path}.writing`, async () => {
    const merged = mergeLocks(readLock(studyPath), found, path)
    await writeFileAtomically(path, formatLock(merged, basename(studyPath)))
  })
}

async function identify(source: string, cache: string) {
  const line = progressLine()
  line.show(`asking what ${source} holds`)
  try {
    const onProgress = ({ received, total }: { received: number; total: number | undefined }) =>
      line.show(`fetching ${source}${total ? ` ${Math.floor((100 * received) / total)} %` : ''}`)
    return await identifySource(source, { cacheFolder: join(cache, 'sources'), onProgress })
  } finally {
    line.end()
  }
}

function shipped(): string[] {
  return readdirSync(shippedStudies).flatMap((name) =>
    name.endsWith(extension) ? [name.slice(0, -extension.length)] : [],
  )
}
