import { resizeBilinearly, type Tensor4D } from '@gauntlet/engine'

/**
 * `torch.nn.functional.interpolate(mode='bilinear', align_corners=False)` without antialiasing: pixel centres are at
 * half integers. x: [batch, any height, any width, channels]; [batch, height, width, channels] out.
 */
export function resizeBilinear(x: Tensor4D, height: number, width: number): Tensor4D {
  return x.shape[1] === height && x.shape[2] === width ? x : resizeBilinearly(x, height, width)
}
