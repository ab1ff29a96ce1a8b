import { engineEnvironment, environmentClass } from '@gauntlet/engine'
import { describe, expect, it } from 'vitest'
import { bench } from './bench.ts'

const backbone = 'tf_efficientnet_lite0.in1k'

describe('the bench', () => {
  it('measures forward, input gradient and training step with random weights, and reports what comes next and what is measured', async () => {
    const reports: [number, number, string][] = []
    const measured: unknown[] = []
    const { device, speeds } = await bench({ backbones: [backbone], resolution: 32, batch: 4 }, (progress) => {
      reports.push([progress.done, progress.total, progress.doing])
      if (progress.measured) measured.push(progress.measured)
    })
    expect(device.environmentClass).toBe(environmentClass(engineEnvironment()))
    expect(reports).toEqual([
      [0, 4, `${backbone}, forward`],
      [1, 4, `${backbone}, gradient`],
      [2, 4, `${backbone}, attack`],
      [3, 4, `${backbone}, update`],
      [4, 4, backbone],
    ])
    expect(measured).toEqual([{ device, speed: speeds[0] }])
    const { forward, gradient, update, attack, attackStart, updateStart, peakBytes, ...rest } = speeds[0]!
    expect(rest).toEqual({ backbone, resolution: 32, batch: 4 })
    for (const seconds of [attackStart, updateStart]) expect(seconds).toBeGreaterThanOrEqual(0)
    expect(peakBytes).toBeGreaterThan(1e8)
    for (const speed of [forward, gradient, update, attack])
      expect(speed).toSatisfy((value: number) => value > 0 && value < 1e9)
    expect(forward).toBeGreaterThan(update)
  })

  it.each([
    ['nobody', 32, /no backbone "nobody"/],
    [backbone, 1, /computes with 32 × 32 pixels or more, not with 1 × 1/],
    ['vit_small_patch16_224.augreg_in21k', 100, /multiple of 16 pixels, not with 100 × 100/],
  ])('refuses %s at %d px before it measures anything', async (id, resolution, says) => {
    const reports: unknown[] = []
    await expect(
      bench({ backbones: [backbone, id], resolution, batch: null }, (progress) => reports.push(progress)),
    ).rejects.toThrow(says)
    expect(reports).toEqual([])
  })
})
