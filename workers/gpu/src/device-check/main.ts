import { failureClassOfError, type DeviceCheckAnswer, type DeviceCheckRequest } from '@gauntlet/contract'
import { readDeviceSettings } from '../settings.ts'

/*
 * The process of `gauntlet doctor --gpu`. It takes one request over IPC, checks its device in the precision of its
 * environment, answers, and ends. It computes as the device process of a worker on this machine does, so that what it
 * finds is that of the same environment class.
 */

process.on('disconnect', () => process.exit(1))
process.once('message', (request: DeviceCheckRequest) => void answer(request))

async function answer(request: DeviceCheckRequest): Promise<void> {
  try {
    // libtensorflow reads these variables when the import below loads it.
    const { devices } = readDeviceSettings(process.env)
    Object.assign(process.env, devices[0])
    const { checkDevice } = await import('./check-device.ts')
    end(await checkDevice(request, (progress) => void process.send!(progress)))
  } catch (error) {
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error))
    if (failureClassOfError(error) === 'InvalidInput' || name === 'SettingsInvalid') end({ type: 'refused', message })
    else end({ type: 'failed', message: `${name}: ${message}`, stack: stack ?? message })
  }
}

/** Sends the last answer and ends the process once it is sent. */
function end(answer: DeviceCheckAnswer): void {
  process.send!(answer, undefined, {}, () => process.disconnect())
}
