import {
  readStudyPinned,
  readStudyToPlan,
  type PinningReport,
  type StudyOutline,
  type StudySource,
} from '@gauntlet/client'
import { progressLine } from '../print/progress-line.ts'

/** Reads a study, pins the sources that are not pinned yet, and reports that on standard error. */
export async function readStudyShowingPins(named: string, cache: string): Promise<StudySource> {
  return showingPins((report) => readStudyPinned(named, cache, report))
}

/** As above, for a plan: sources that cannot be reached are named, and the study is planned without their digests. */
export async function readStudyToPlanShowingPins(named: string, cache: string): Promise<StudyOutline> {
  const outline = await showingPins((report) => readStudyToPlan(named, cache, report))
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

async function showingPins<Read>(read: (report: PinningReport) => Promise<Read>): Promise<Read> {
  const line = progressLine()
  try {
    return await read({
      onProgress: (doing) => line.show(doing),
      onPinned(count, lockFile) {
        line.end()
        const sources = count === 1 ? 'source' : 'sources'
        console.error(`Pinned ${count} ${sources} in ${lockFile}; keep it in git, beside the study.`)
      },
    })
  } finally {
    line.end()
  }
}
