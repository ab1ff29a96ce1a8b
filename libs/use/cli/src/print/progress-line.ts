import { duration } from '@gauntlet/analysis'
import type { StudySnapshot } from '@gauntlet/client'

/** A line of progress: on a terminal it is drawn over, elsewhere it is a new line every ten seconds. */
export interface ProgressLine {
  show(text: string): void
  /** Clears the line on a terminal. */
  end(): void
}

const plainLineEveryMilliseconds = 10_000

export function progressLine(stream: NodeJS.WriteStream = process.stderr): ProgressLine {
  if (stream.isTTY) {
    return {
      show: (text) => void stream.write(`\r\u001b[2K${text.slice(0, (stream.columns ?? 80) - 1)}`),
      end: () => void stream.write('\r\u001b[2K'),
    }
  }
  let [last, shownAt] = ['', 0]
  return {
    show(text) {
      if (text === last || Date.now() - shownAt < plainLineEveryMilliseconds) return
      ;[last, shownAt] = [text, Date.now()]
      stream.write(`${text}\n`)
    },
    end: () => undefined,
  }
}

/**
 * The line of progress, such as `3/5 configurations · fine-tune 40 % · checkpoint (attempt 2) · 212 images/s · 1 min
 * 10 s left`.
 */
export function snapshotText(
  { status, progress, stages, stuck = 0 }: StudySnapshot,
  secondsLeft: number | null,
): string {
  if (status === 'unreachable') return 'waiting for Temporal'
  const ended = progress ? Object.values(progress.ended).reduce((a, b) => a + b, 0) : 0
  const parts = [
    progress ? (progress.total > 0 ? `${ended}/${progress.total} configurations` : 'starting') : 'waiting for workers',
  ]
  for (const { stage, attempt = 1, done, total } of stages.slice(0, 3)) {
    const name = attempt > 1 ? `${stage} (attempt ${attempt})` : stage
    parts.push(total > 0 ? `${name} ${Math.floor((100 * done) / total)} %` : name)
  }
  if (progress?.paused) parts.push(progress.paused === 'budget' ? 'paused: the budget is spent' : 'paused')
  const missing = progress ? progress.ended.failed + progress.ended.skipped : 0
  if (missing > 0) parts.push(`${missing} without numbers`)
  if (stuck > 0) parts.push(`${stuck} cannot go on: see the log of the ledger worker`)
  const speed = stages.reduce((sum, { imagesPerSecond }) => sum + (imagesPerSecond ?? 0), 0)
  if (speed > 0) parts.push(`${Math.round(speed)} images/s`)
  if (secondsLeft !== null) parts.push(`${duration(secondsLeft)} left`)
  return parts.join(' · ')
}
