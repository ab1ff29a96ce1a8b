import { exclusively, writeFileAtomically } from '@gauntlet/files'
import { identifySource } from '@gauntlet/sources'
import { formatLock, lockFileName, parseLock, parseStudy, withLock, type SourceLock, type Study } from '@gauntlet/study'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mergeLocks, pinSources } from './pin-sources.ts'

const shippedStudies = join(dirname(fileURLToPath(import.meta.resolve('@gauntlet/study'))), '../studies')
const extension = '.study.yaml'

/** There is no study file of that name; the message says what can be named instead. */
export class StudyFileMissing extends Error {
  override readonly name = 'StudyFileMissing'
}

/** Receives the progress of pinning and its result. */
export interface PinningReport {
  /** Called with a few words on what is under way. */
  readonly onProgress: (doing: string) => void
  /** Called once `count` sources are written into `lockFile`. */
  readonly onPinned: (count: number, lockFile: string) => void
}

/** A study file as the user named it: a path, or the name of one that ships with Gauntlet. */
export interface StudySource {
  readonly study: Study
  /** The bytes of the file, with its lock behind them. */
  readonly bytes: Uint8Array
  /** The path or name by which the user called it. */
  readonly named: string
}

/** Reads a study with its lock. Throws `StudyFileInvalid` where a source is not pinned. */
export function readStudy(named: string): StudySource {
  const { bytes, path, shownName } = readStudyFile(named)
  const lock = readLock(path)
  const whole = lock.size === 0 ? bytes : Buffer.from(withLock(bytes.toString(), lock, basename(path)))
  return { study: parseStudy(whole, shownName), bytes: whole, named }
}

/**
 * As `readStudy`, but pins the sources that are not pinned yet: each is identified, and its digest is written into the
 * lock file beside the study.
 */
export async function readStudyPinned(named: string, cache: string, report: PinningReport): Promise<StudySource> {
  const { bytes, path, shownName } = readStudyFile(named)
  const pins = pinSources(bytes.toString(), shownName, readLock(path), (source) =>
    identify(source, cache, report.onProgress),
  )
  let count = 0
  for await (const pin of pins) {
    await addToLock(path, new Map([pin]))
    count++
  }
  if (count > 0) report.onPinned(count, lockFileName(path))
  return readStudy(named)
}

function readStudyFile(named: string): { bytes: Buffer; path: string; shownName: string } {
  const isPath = named.includes('/') || named.endsWith('.yaml') || named.endsWith('.yml')
  const path = isPath ? named : join(shippedStudies, named + extension)
  try {
    return { bytes: readFileSync(path), path, shownName: isPath ? named : named + extension }
  } catch {
    throw new StudyFileMissing(
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

/** Adds pins to the lock file. Pins that another process has added meanwhile are kept, and must agree with these. */
async function addToLock(studyPath: string, found: SourceLock): Promise<void> {
  const path = lockFileName(studyPath)
  await exclusively(`${path}.writing`, async () => {
    const merged = mergeLocks(readLock(studyPath), found, path)
    await writeFileAtomically(path, formatLock(merged, basename(studyPath)))
  })
}

function identify(source: string, cache: string, onProgress: PinningReport['onProgress']) {
  onProgress(`identifying ${source}`)
  return identifySource(source, {
    cacheFolder: join(cache, 'sources'),
    onProgress: ({ received, total }: { received: number; total: number | undefined }) =>
      onProgress(`fetching ${source}${total ? ` ${Math.floor((100 * received) / total)} %` : ''}`),
  })
}

function shipped(): string[] {
  return readdirSync(shippedStudies).flatMap((name) =>
    name.endsWith(extension) ? [name.slice(0, -extension.length)] : [],
  )
}
