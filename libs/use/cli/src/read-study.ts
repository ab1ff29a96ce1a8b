import { readStudyPinned, type StudySource } from '@gauntlet/client'
import { progressLine } from './progress-line.ts'

/** Reads a study, pins the sources that are not pinned yet, and reports that on standard error. */
export async function readStudyShowingPins(named: string, cache: string): Promise<StudySource> {
  const line = progressLine()
  try {
    return await readStudyPinned(named, cache, {
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
