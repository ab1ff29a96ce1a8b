import { duration } from '@gauntlet/analysis'
import type { ProbeAnswer, ProbeRequest } from '@gauntlet/contract'
import { compute } from './gpu-process.ts'

/** Does a probe in a process of its own, and gives the line that says what was written. */
export async function runProbe(request: ProbeRequest): Promise<string> {
  const { summary } = await compute<ProbeAnswer>({
    script: 'probe/main.ts',
    request,
    name: 'The probe',
    interrupted: 'Interrupted; nothing was written.',
    /** `96/1000 images · 12 images/s · 1 min 15 s left` */
    describe({ done, total }, seconds) {
      const speed = done / Math.max(seconds, 1e-3)
      return `${done}/${total} images · ${speed.toFixed(speed < 10 ? 1 : 0)} images/s · ${duration((total - done) / speed)} left`
    },
  })
  return summary
}
