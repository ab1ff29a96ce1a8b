import { duration, observePace } from '@gauntlet/analysis'
import type { ProbeAnswer, ProbeRequest } from '@gauntlet/contract'
import { compute } from './gpu-process.ts'

/** Runs a probe in a process of its own and gives the line that says what was written. */
export async function runProbe(request: ProbeRequest): Promise<string> {
  const pace = observePace()
  const { summary } = await compute<ProbeAnswer>({
    script: 'probe/main.ts',
    request,
    name: 'The probe',
    interrupted: 'Interrupted; nothing was written.',
    /** `96/1000 images · 12 images/s · 1 min 15 s left` */
    progressText({ done, total }, seconds) {
      const left = pace.secondsLeft(total - done, seconds)
      const parts = [`${done}/${total} images`]
      if (left !== null && left > 0) {
        const speed = (total - done) / left
        parts.push(`${speed.toFixed(speed < 10 ? 1 : 0)} images/s`, `${duration(left)} left`)
      }
      return parts.join(' · ')
    },
  })
  return summary
}
