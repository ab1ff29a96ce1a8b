import type { BackboneSpeed, BenchAnswer, BenchRequest, MeasuredDevice } from '@gauntlet/contract'
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

/** Measures the device of this machine in a process of its own, and keeps the result under the home. */
export async function benchDevice(
  home: string,
  backbones: readonly string[],
  sizes: Pick<BenchRequest, 'resolution' | 'batch'>,
): Promise<{ readonly device: MeasuredDevice; readonly speeds: readonly BackboneSpeed[] }> {
  readSpeeds(home) // A damaged file is reported now, not after minutes of measuring.
  const { device, speeds } = await compute<BenchAnswer>({
    script: 'bench/main.ts',
    request: { backbones, ...sizes } satisfies BenchRequest,
    name: 'The bench',
    interrupted: 'Interrupted; nothing was saved.',
    progressText: ({ done, total, doing }) => `${done}/${total} measured · ${doing}`,
  })
  await keepSpeeds(home, device, speeds)
  return { device, speeds }
}
