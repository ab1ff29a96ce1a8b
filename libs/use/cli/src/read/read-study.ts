import {
  isStudyPath,
  readStudy,
  readStudyPinned,
  readStudyToPlan,
  StudyFileMissing,
  type PinningReport,
  type StudyOutline,
  type StudySource,
} from '@gauntlet/client'
import { hasPostgres } from '@gauntlet/infra'
import { findStudy, studyFile, StudyUnknown } from '@gauntlet/ledger'
import { parseStudy } from '@gauntlet/study'
import { sayNamesakes } from './say-namesakes.ts'
import { withLedger } from '../stack/local-ledger.ts'
import { readCommandSettings } from '../settings.ts'
import { progressLine } from '../print/progress-line.ts'
import { count } from '../print/count.ts'

/** What commands that take a study by its file say of it. */
export const studyArgument = [
  '<study>',
  'path of a study file, the name of one that ships with Gauntlet, or the name or id of one that has run',
] as const

/** Reads a study as `studyArgument` says. Throws `StudyFileMissing`. */
export function readNamedStudy(named: string): Promise<StudySource> {
  return orRecorded(named, () => Promise.resolve(readStudy(named)))
}

/** As above, but pins the sources that are not pinned yet, and reports that on standard error. */
export function readStudyShowingPins(named: string, cache: string): Promise<StudySource> {
  return orRecorded(named, () => showingPins((report) => readStudyPinned(named, cache, report)))
}

/** As above, for a plan: sources that cannot be reached are named, and the study is planned without their digests. */
export async function readStudyToPlanShowingPins(named: string, cache: string): Promise<StudyOutline> {
  const outline = await orRecorded(named, () => showingPins((report) => readStudyToPlan(named, cache, report)))
  if (!('unreachable' in outline)) return { ...outline, unreachable: new Map() }
  const [first] = outline.unreachable.values()
  if (first === undefined) return outline
  const { size } = outline.unreachable
  const names = [...outline.unreachable.keys()].map((source) => `  not pinned: ${source}`)
  console.error(
    [
      `${size === 1 ? '1 source is' : `${size} sources are`} not pinned, so whether their stages are known cannot be said. ${first}`,
      ...names,
    ].join('\n'),
  )
  return outline
}

/** Reads a study from its file or, where no file has that name, as the ledger has it, if there is a ledger. */
async function orRecorded<Read>(named: string, read: () => Promise<Read>): Promise<Read | StudySource> {
  try {
    return await read()
  } catch (error) {
    const { databaseUrl, home } = readCommandSettings()
    const isName = error instanceof StudyFileMissing && !isStudyPath(named)
    if (!isName || (databaseUrl === undefined && !hasPostgres(home))) throw error
    return withLedger(async ({ db }) => {
      const { id, name } = await findStudy(db, named).catch((unknown: unknown) => {
        throw unknown instanceof StudyUnknown ? neitherFileNorRecord(error, unknown) : unknown
      })
      await sayNamesakes(db, named)
      const bytes = Buffer.from(await studyFile(db, id))
      return { study: parseStudy(bytes, name), bytes, named }
    })
  }
}

/** One sentence that says what can be named, of files and in the ledger; of an imported table how that is read. */
function neitherFileNorRecord(noFile: StudyFileMissing, { study, known, message }: StudyUnknown): StudyFileMissing {
  if (known.includes(study)) return new StudyFileMissing(message)
  const recorded = known.length === 0 ? '.' : `, or one that the ledger holds: ${known.join(', ')}.`
  return new StudyFileMissing(noFile.message.replace(/\.$/, recorded))
}

async function showingPins<Read>(read: (report: PinningReport) => Promise<Read>): Promise<Read> {
  const line = progressLine()
  try {
    return await read({
      onProgress: (doing) => line.show(doing),
      onPinned(sources, lockFile) {
        line.end()
        console.error(`Pinned ${count(sources, 'source')} in ${lockFile}; keep it in git, beside the study.`)
      },
    })
  } finally {
    line.end()
  }
}
