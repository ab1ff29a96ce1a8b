import { backboneFor, ResolutionUnsupported } from '@gauntlet/backbones'
import type { BackboneSpeed, BenchAnswer, BenchRequest } from '@gauntlet/contract'
import { engineEnvironment, environmentClass } from '@gauntlet/engine'
import { backboneSpeed, passKinds, type PassKind } from './backbone-speed.ts'

/** Measures the backbones, one after the other, on the device of this process. */
export async function bench(
  { backbones, ...sizes }: BenchRequest,
  report: (progress: Extract<BenchAnswer, { type: 'progress' }>) => void,
): Promise<Extract<BenchAnswer, { type: 'done' }>> {
  for (const id of backbones) requireResolution(id, sizes.resolution)
  const total = backbones.length * passKinds.length
  const speeds: BackboneSpeed[] = []
  for (const [i, id] of backbones.entries()) {
    const onKind = (kind: PassKind) =>
      report({ type: 'progress', done: i * passKinds.length + passKinds.indexOf(kind), total, doing: `${id}, ${kind}` })
    speeds.push(await backboneSpeed(id, sizes, onKind))
  }
  const environment = engineEnvironment()
  const device = {
    device: environment.device,
    environment: { ...environment },
    environmentClass: environmentClass(environment),
  }
  return { type: 'done', device, speeds }
}

/**
 * Refuses a resolution before anything is measured. A backbone whose minimum is its native side computes with that side
 * only.
 */
function requireResolution(id: string, wanted: number | null): void {
  const { native, minimum, step = 1 } = backboneFor(id, 'native', wanted ?? undefined).resolution
  const side = wanted ?? native
  if (side === native || (native !== minimum && side >= minimum && side % step === 0)) return
  const possible = native === minimum ? `only ${native} px` : `a multiple of ${step} px from ${minimum}`
  throw new ResolutionUnsupported(
    `${id} does not compute with images of ${side} px; give ${possible}, or no --resolution.`,
  )
}
