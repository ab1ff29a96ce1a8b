import type { DeviceCheckAnswer, DeviceRequest } from '@gauntlet/contract'
import { compute } from './gpu-process.ts'

/** The backbones that are checked by default: two families of convolutions, and two of attention. */
export const checkDefaults = [
  'resnet50.a1_in1k',
  'convnext_tiny.fb_in1k',
  'vit_small_patch16_224.augreg_in21k',
  'swin_tiny_patch4_window7_224.ms_in1k',
] as const

/** What was found of the device of this machine in one precision. */
export type DeviceCheck = Omit<Extract<DeviceCheckAnswer, { type: 'done' }>, 'type'>

/** Checks the device of this machine in float32 and in bfloat16, each in a process of its own. */
export async function checkDevice(request: DeviceRequest): Promise<DeviceCheck[]> {
  const checks: DeviceCheck[] = []
  for (const precision of ['float32', 'bfloat16']) {
    const { type: _, ...check } = await compute<DeviceCheckAnswer>({
      script: 'device-check/main.ts',
      request,
      variables: { GAUNTLET_PRECISION: precision },
      name: 'The check',
      interrupted: 'Interrupted; nothing was saved.',
      progressText: ({ done, total, doing }) => `${done}/${total} backbones checked · ${doing}`,
    })
    checks.push(check)
  }
  return checks
}
