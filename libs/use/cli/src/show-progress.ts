import type { StudySnapshot } from '@gauntlet/client'
import { describeSnapshot, progressLine } from './progress-line.ts'

/** Shows looks at a study: a line of progress for people, one JSON document a line for programs. */
export interface ProgressDisplay {
  show(snapshot: StudySnapshot, secondsLeft: number | null): void
  end(): void
}

export function progressDisplay(json: boolean): ProgressDisplay {
  if (json) {
    return {
      show: (snapshot, secondsLeft) => console.log(JSON.stringify({ ...snapshot, secondsLeft })),
      end: () => undefined,
    }
  }
  const line = progressLine()
  return {
    show(snapshot, secondsLeft) {
      if (snapshot.status === 'running' || snapshot.status === 'unreachable')
        line.show(describeSnapshot(snapshot, secondsLeft))
    },
    end: () => line.end(),
  }
}
