import { exclusively, writeFileAtomically } from '@gauntlet/files'
import { identifySource } from '@gauntlet/sources'
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
  /**
   * The bytes of the file, with its lock behind them. There, files named from the study's folder have their whole
   * paths, since workers do not know that folder.
   */
  readonly bytes: Uint8Array
  /** The path or name by which the user called it. */
  readonly named: string
}

/** Reads a study with its lock. Throws `StudyFileInvalid` where a source is not pinned. */
export function readStudy(named: string): StudySource {
  const { bytes, path, shownName } = readStudyFile(named)
  const lock = placed(bytes.toString(), readLock(path), path, shownName)
  const whole = lock.size === 0 ? bytes : Buffer.from(withLock(bytes.toString(), lock, basename(path)))
  return { study: parseStudy(whole, shownName), bytes: whole, named }
}

/**
 * As `readStudy`, but pins the sources that are not pinned yet: each is identified, and its digest is written into the
 * lock file beside the study.
 */
export async function readStudyPinned(named: string, cache: string, report: PinningReport): Promise<StudySource> {
  const { bytes, path, shownName } = readStudyFile(named)
  const pins = pinSources(bytes.toString(), shownName, readLock(path), (source, wantsClasses) =>
    identify({ source, wantsClasses, folder: dirname(path) }, cache, report.onProgress),
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

/** What a source holds, and how many classes there are in it where that is asked for. */
async function identify(
  { source, wantsClasses, folder }: { source: string; wantsClasses: boolean; folder: string },
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
