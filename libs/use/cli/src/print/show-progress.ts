import type { StudySnapshot } from '@gauntlet/client'
import { snapshotText, progressLine } from './progress-line.ts'

/** Shows snapshots of a study: as a line of progress for people, or as one JSON document a line for programs. */
export interface ProgressDisplay {
  show(snapshot: StudySnapshot, secondsLeft: number | null): void
  /** Says something beside the line of progress. */
  say(text: string): void
  end(): void
}

export function progressDisplay(json: boolean): ProgressDisplay {
  if (json) {
    return {
      show: (snapshot, secondsLeft) => console.log(JSON.stringify({ ...snapshot, secondsLeft })),
      say: () => undefined,
      end: () => undefined,
    }
  }
  const line = progressLine()
  return {
    show(snapshot, secondsLeft) {
      if (snapshot.status === 'running' || snapshot.status === 'unreachable')
        line.show(snapshotText(snapshot, secondsLeft))
    },
    say(text) {
      line.end()
      console.error(text)
    },
    end: () => line.end(),
  }
}
