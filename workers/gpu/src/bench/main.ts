import type { BenchAnswer, DeviceRequest } from '@gauntlet/contract'
import { answerOnce } from '../answer-once.ts'
import { readDeviceSettings } from '../settings.ts'

/*
 * The process of `gauntlet doctor --bench`. It takes one request over IPC, measures, answers, and ends. It computes as
 * the device process of a worker on this machine does, so that its speeds are those of the same environment class.
 */

answerOnce<DeviceRequest, BenchAnswer>(async (request) => {
  // libtensorflow reads these variables when the import below loads it.
  const { devices } = readDeviceSettings(process.env)
  Object.assign(process.env, devices[0])
  const { bench } = await import('./bench.ts')
  return bench(request, (progress) => void process.send!(progress))
})
