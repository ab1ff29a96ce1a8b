import { exclusively, writeFileAtomically } from '@gauntlet/files'
import { identifySource, SourceForbidden, SourceNotFound, SourceUnreachable } from '@gauntlet/sources'
import {
  formatLock,
  lockFileName,
  outlineStudy,
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
import { countClasses } from './count-classes.ts'
import { placeOf } from './local-source.ts'
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

/** A study with its file. */
export interface StudySource {
  readonly study: Study
  /**
   * The bytes of the file, with its lock behind them. There, files named from the study's folder have their whole
   * paths, since workers do not know that folder.
   */
  readonly bytes: Uint8Array
  /** What the user called it by: a path, a name, or an id. */
  readonly named: string
}

/** Reads a study with its lock, and further pins. Throws `StudyFileInvalid` where a source is not pinned. */
export function readStudy(named: string, further: SourceLock = new Map()): StudySource {
  return withItsLock(named, readStudyFile(named), further)
}

function withItsLock(named: string, { bytes, path, shownName }: StudyFile, further: SourceLock = new Map()) {
  const lock = new Map([...further, ...placed(bytes.toString(), readLock(path), path, shownName)])
  const whole = lock.size === 0 ? bytes : Buffer.from(withLock(bytes.toString(), lock, basename(path)))
  return { study: parseStudy(whole, shownName), bytes: whole, named }
}

/**
 * As `readStudy`, but pins the sources that are not pinned yet: each is identified, and its digest is written into the
 * lock file beside the study.
 */
export async function readStudyPinned(named: string, cache: string, report: PinningReport): Promise<StudySource> {
  await pin(readStudyFile(named), report, (found) => identify(found, cache, report.onProgress))
  return readStudy(named)
}

/** As above, of the text that is to be written into a study file, and is not yet. */
export async function readTextPinned(
  text: string,
  path: string,
  { cache, ...report }: PinningReport & { readonly cache: string },
): Promise<StudySource> {
  const file = { bytes: Buffer.from(text), path, shownName: path }
  await pin(file, report, (found) => identify(found, cache, report.onProgress))
  return withItsLock(path, file)
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
  const placeholders: [string, PinnedSource][] = []
  await pin(readStudyFile(named), report, async (found) => {
    const { source, wantsClasses } = found
    const known = silent.get(serverOf(source))
    if (known === undefined) {
      try {
        return await identify(found, cache, report.onProgress)
      } catch (error) {
        if (!isAbsence(error) || source.startsWith('file:')) throw error
        if (error instanceof SourceUnreachable) silent.set(serverOf(source), error.message)
        unreachable.set(source, error.message)
      }
    } else unreachable.set(source, known)
    placeholders.push([source, placeholderPin(source, wantsClasses)])
    return null
  })
  return { ...readStudy(named, new Map(placeholders)), unreachable }
}

/** Pins the sources of a study that are not pinned yet; one for which `identified` gives null stays as it is. */
async function pin(
  { bytes, path, shownName }: StudyFile,
  { onPinned }: PinningReport,
  identified: (found: FoundSource) => Promise<PinnedSource | null>,
): Promise<void> {
  let count = 0
  const folder = dirname(path)
  const pins = pinSources(bytes.toString(), shownName, readLock(path), (source, wantsClasses) =>
    identified({ source, wantsClasses, folder }),
  )
  for await (const [source, found] of pins) {
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

/** Whether a study is called by the path of its file. */
export function isStudyPath(named: string): boolean {
  return named.includes('/') || /\.ya?ml$/.test(named)
}

/** The bytes of a study file, without its lock. */
interface StudyFile {
  readonly bytes: Buffer
  readonly path: string
  /** What messages call it. */
  readonly shownName: string
}

function readStudyFile(named: string): StudyFile {
  const isPath = isStudyPath(named)
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

/** A source that a study names. */
interface FoundSource {
  readonly source: string
  /** Whether its classes are to be counted. */
  readonly wantsClasses: boolean
  /** The folder of the study, from which relative paths go. */
  readonly folder: string
}

/** What a source holds, and how many classes there are in it where that is asked for. */
async function identify(
  { source, wantsClasses, folder }: FoundSource,
  cache: string,
  onProgress: PinningReport['onProgress'],
): Promise<PinnedSource> {
  onProgress(`identifying ${source}`)
  const options = {
    cacheFolder: join(cache, 'sources'),
    onProgress: ({ received, total }: { received: number; total: number | undefined }) =>
      onProgress(`fetching ${source}${total ? ` ${Math.floor((100 * received) / total)} %` : ''}`),
  }
  const place = placeOf(source, folder)
  const found = await identifySource(place, options)
  const pinned = place === source ? found : { ...found, source }
  if (!wantsClasses) return pinned
  onProgress(`counting the classes of ${source}`)
  return { ...pinned, classes: await countClasses(found, options) }
}

/** The lock with the whole path of every file that the study names from its own folder. */
function placed(text: string, lock: SourceLock, path: string, shownName: string): SourceLock {
  const { datasets, backbones } = outlineStudy(withLock(text, lock, basename(path)), shownName)
  const named = [...datasets.values(), ...backbones.values()].filter(({ source }) => source.startsWith('file:'))
  const places = named.map(({ source, sha256, ...rest }): readonly [string, PinnedSource] => {
    const classes = 'classes' in rest ? { classes: rest.classes } : {}
    return [source, { source: placeOf(source, dirname(path)), sha256, ...classes }]
  })
  return new Map([...lock, ...places.filter(([source, { source: place }]) => source !== place)])
}

function shipped(): string[] {
  return readdirSync(shippedStudies).flatMap((name) =>
    name.endsWith(extension) ? [name.slice(0, -extension.length)] : [],
  )
}
