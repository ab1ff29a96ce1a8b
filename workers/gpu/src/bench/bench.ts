import { backboneFor } from '@gauntlet/backbones'
import type { BackboneSpeed, BenchAnswer, DeviceRequest } from '@gauntlet/contract'
import { engineEnvironment, environmentClass } from '@gauntlet/engine'
import { backboneSpeed, passKinds, type PassKind } from './backbone-speed.ts'

/** Measures the backbones, one after the other, on the device of this process. */
export async function bench(
  { backbones, ...sizes }: DeviceRequest,
  report: (progress: Extract<BenchAnswer, { type: 'progress' }>) => void,
): Promise<Extract<BenchAnswer, { type: 'done' }>> {
  // Refuses a resolution before anything is measured.
  for (const id of backbones) backboneFor(id, 'native', sizes.resolution ?? undefined)
  const environment = engineEnvironment()
  const device = {
    device: environment.device,
    environment: { ...environment },
    environmentClass: environmentClass(environment),
  }
  const total = backbones.length * passKinds.length
  const speeds: BackboneSpeed[] = []
  for (const [i, id] of backbones.entries()) {
    const before = i * passKinds.length
    const onKind = (kind: PassKind) =>
      report({ type: 'progress', done: before + passKinds.indexOf(kind), total, doing: `${id}, ${kind}` })
    const speed = await backboneSpeed(id, sizes, onKind)
    speeds.push(speed)
    report({ type: 'progress', done: before + passKinds.length, total, doing: id, measured: { device, speed } })
  }
  return { type: 'done', device, speeds }
}
