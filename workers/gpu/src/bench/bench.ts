import { backboneFor, ResolutionUnsupported } from '@gauntlet/backbones'
import type { BackboneSpeed, BenchAnswer, BenchRequest } from '@gauntlet/contract'
import { engineEnvironment, environmentClass } from '@gauntlet/engine'
import { backboneSpeed, works } from './backbone-speed.ts'

/** Measures one backbone after the other on the device of this process. */
export async function bench(
  { backbones, ...sizes }: BenchRequest,
  report: (progress: Extract<BenchAnswer, { type: 'progress' }>) => void,
): Promise<Extract<BenchAnswer, { type: 'done' }>> {
  for (const id of backbones) requireResolution(id, sizes.resolution)
  const total = backbones.length * works.length
  const speeds: BackboneSpeed[] = []
  for (const [i, id] of backbones.entries()) {
    const onWork = (work: (typeof works)[number]) =>
      report({ type: 'progress', done: i * works.length + works.indexOf(work), total, doing: `${id}, ${work}` })
    speeds.push(await backboneSpeed(id, sizes, onWork))
  }
  const environment = engineEnvironment()
  const device = {
    device: environment.device,
    environment: { ...environment },
    environmentClass: environmentClass(environment),
  }
  return { type: 'done', device, speeds }
}

/** Refuses before anything is measured. What has no side below its own computes with that alone. */
function requireResolution(id: string, wanted: number | null): void {
  const { native, minimum, step = 1 } = backboneFor(id).resolution
  const side = wanted ?? native
  if (side === native || (native !== minimum && side >= minimum && side % step === 0)) return
  const possible = native === minimum ? `only ${native} px` : `a multiple of ${step} px from ${minimum}`
  throw new ResolutionUnsupported(
    `${id} does not compute with images of ${side} px; give ${possible}, or no --resolution.`,
  )
}
