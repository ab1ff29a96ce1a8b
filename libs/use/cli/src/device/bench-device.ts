import type { BackboneSpeed, BenchAnswer, DeviceRequest, MeasuredDevice } from '@gauntlet/contract'
import { keepSpeeds, readSpeeds } from '@gauntlet/client'
import { compute } from './gpu-process.ts'

/**
 * The backbones that are measured by default: a convolutional network with depthwise convolutions and one without, one
 * with layer norms, and one of attention alone.
 */
export const benchDefaults = [
  'tf_efficientnet_lite0.in1k',
  'resnet50.a1_in1k',
  'convnext_tiny.fb_in1k',
  'vit_small_patch16_224.augreg_in21k',
] as const

/**
 * Measures the device of this machine in a process of its own. The speeds of each backbone are kept under the home as
 * soon as they are measured, so that an interruption loses those of one backbone.
 */
export async function benchDevice(
  home: string,
  backbones: readonly string[],
  sizes: Pick<DeviceRequest, 'resolution' | 'batch'>,
): Promise<{ readonly device: MeasuredDevice; readonly speeds: readonly BackboneSpeed[] }> {
  readSpeeds(home) // A damaged file is reported now, not after minutes of measuring.
  let kept = Promise.resolve()
  const { device, speeds } = await compute<BenchAnswer>({
    script: 'bench/main.ts',
    request: { backbones, ...sizes } satisfies DeviceRequest,
    name: 'The bench',
    interrupted: 'Interrupted; backbones that were measured whole are saved.',
    onProgress: ({ measured }) => {
      if (!measured) return
      kept = kept.then(() => keepSpeeds(home, measured.device, [measured.speed]))
      kept.catch(() => undefined) // told at the end
    },
    progressText: ({ done, total, doing }) => `${done}/${total} measured · ${doing}`,
  }).finally(() => kept)
  return { device, speeds }
}
