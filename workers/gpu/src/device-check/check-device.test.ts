import { engineEnvironment, environmentClass } from '@gauntlet/engine'
import { expect, it } from 'vitest'
import { checkDevice } from './check-device.ts'

it('finds that the CPU agrees with eager code, gives the same bits twice, and survives a lack of memory', async () => {
  process.env['GAUNTLET_PYTHON'] = 'no-such-python'
  const reports: string[] = []
  const checked = await checkDevice(
    { backbones: ['tf_efficientnet_lite0.in1k'], resolution: 32, batch: 2 },
    ({ doing }) => reports.push(doing),
  )
  expect(checked.device.environmentClass).toBe(environmentClass(engineEnvironment()))
  expect(checked.recoversFromOutOfMemory).toBe(true)
  const [backbone] = checked.backbones
  expect(backbone!.programs.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['forward/forward', 'training/accumulate_2', 'training/step', 'attack/block']),
  )
  for (const { name, deviation } of backbone!.programs) expect(deviation, name).toBeLessThan(1e-3)
  expect(backbone!.sameBits).toEqual({ forward: true, training: true, attack: true })
  for (const speed of Object.values(backbone!.imagesPerSecond)) expect(speed).toBeGreaterThan(0)
  expect(backbone!.torchImagesPerSecond).toBeNull()
  expect(reports.at(-1)).toMatch(/, float32, PyTorch$/)
})
