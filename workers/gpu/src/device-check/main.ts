import type { DeviceCheckAnswer, DeviceRequest } from '@gauntlet/contract'
import { answerOnce } from '../answer-once.ts'
import { readDeviceSettings } from '../settings.ts'

/*
 * The process of `gauntlet doctor --gpu`. It takes one request over IPC, checks its device in the precision of its
 * environment, answers, and ends. It computes as the device process of a worker on this machine does, so that what it
 * finds is that of the same environment class.
 */

answerOnce<DeviceRequest, DeviceCheckAnswer>(async (request) => {
  // libtensorflow reads these variables when the import below loads it.
  const { devices } = readDeviceSettings(process.env)
  Object.assign(process.env, devices[0])
  const { checkDevice } = await import('./check-device.ts')
  return checkDevice(request, (progress) => void process.send!(progress))
})
