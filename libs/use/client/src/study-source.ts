import { exclusively, writeFileAtomically } from '@gauntlet/files'
import { identifySource, SourceForbidden, SourceNotFound, SourceUnreachable } from '@gauntlet/sources'
import {
  formatLock,
  lockFileName,
  parseLock,
  parseStudy,
  withLock,
  type PinnedSource,
  type SourceLock,
  type Study,
} from '@gauntlet/study'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mergeLocks, pinSources, placeholderPin } from './pin-sources.ts'

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

/** Reads a study with its lock, and further pins. Throws `StudyFileInvalid` where a source is not pinned. */
export function readStudy(named: string, further: SourceLock = new Map()): StudySource {
  const { bytes, path, shownName } = readStudyFile(named)
  const lock = new Map([...further, ...readLock(path)])
  const whole = lock.size === 0 ? bytes : Buffer.from(withLock(bytes.toString(), lock, basename(path)))
  return { study: parseStudy(whole, shownName), bytes: whole, named }
}

/**
 * As `readStudy`, but pins the sources that are not pinned yet: each is identified, and its digest is written into the
 * lock file beside the study.
 */
export async function readStudyPinned(named: string, cache: string, report: PinningReport): Promise<StudySource> {
  await pin(named, report, (source) => identify(source, cache, report.onProgress))
  return readStudy(named)
}

/** A study whose sources may not all be pinned. */
export interface StudyOutline extends StudySource {
  /** The sources that are not pinned because they could not be reached, and why. */
  readonly unreachable: ReadonlyMap<string, string>
}

/**
 * As `readStudyPinned`, but a source that cannot be reached gets a placeholder for its digest, which is written
 * nowhere: such a study can be planned and priced, and not be run. Where a server did not answer, its other sources
 * are not asked for.
 */
export async function readStudyToPlan(named: string, cache: string, report: PinningReport): Promise<StudyOutline> {
  const unreachable = new Map<string, string>()
  const silent = new Map<string, string>()
  await pin(named, report, async (source) => {
    const known = silent.get(serverOf(source))
    if (known === undefined) {
      try {
        return await identify(source, cache, report.onProgress)
      } catch (error) {
        if (!isAbsence(error) || source.startsWith('file:')) throw error
        if (error instanceof SourceUnreachable) silent.set(serverOf(source), error.message)
        unreachable.set(source, error.message)
      }
    } else unreachable.set(source, known)
    return null
  })
  const placeholders = [...unreachable.keys()].map((source) => [source, placeholderPin(source)] as const)
  return { ...readStudy(named, new Map(placeholders)), unreachable }
}

/** Pins the sources of a study that are not pinned yet; one for which `identified` gives null stays as it is. */
async function pin(
  named: string,
  { onPinned }: PinningReport,
  identified: (source: string) => Promise<PinnedSource | null>,
): Promise<void> {
  const { bytes, path, shownName } = readStudyFile(named)
  let count = 0
  for await (const [source, found] of pinSources(bytes.toString(), shownName, readLock(path), identified)) {
    if (found === null) continue
    await addToLock(path, new Map([[source, found]]))
    count++
  }
  if (count > 0) onPinned(count, lockFileName(path))
}

function isAbsence(error: unknown): error is Error {
  return [SourceUnreachable, SourceNotFound, SourceForbidden].some((type) => error instanceof type)
}

/** What answers for a source: a registry, the hub, or the host of an address. */
function serverOf(source: string): string {
  return /^https?:/.test(source) ? new URL(source).host : source.slice(0, source.indexOf(':'))
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
