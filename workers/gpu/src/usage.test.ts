import { expect, it } from 'vitest'
import { measureUsage } from './usage.ts'

it('measures the CPU time and the peak of memory of this process since its begin', () => {
  const usage = measureUsage()
  const end = process.cpuUsage().user + 60_000
  const held = Buffer.alloc(64e6, 1)
  while (process.cpuUsage().user < end) continue
  const { cpuSeconds, peakBytes } = usage()
  expect(cpuSeconds).toBeGreaterThan(0.05)
  expect(cpuSeconds).toBeLessThan(5)
  expect(peakBytes).toBeGreaterThan(held.length)
  expect(peakBytes).toBeLessThan(64e9)
})
