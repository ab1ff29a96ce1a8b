import type { BenchAnswer, BenchRequest } from '@gauntlet/contract'
import { failureClassOfError } from '@gauntlet/contract'
import { readDeviceSettings } from '../settings.ts'

/*
 * The process of `gauntlet doctor --bench`. It takes one request over IPC, measures, answers, and ends. It computes as
 * the device process of a worker on this machine does, so that its speeds are those of the same environment class.
 */

process.on('disconnect', () => process.exit(1))
process.once('message', (request: BenchRequest) => void answer(request))

async function answer(request: BenchRequest): Promise<void> {
  try {
    // libtensorflow reads these variables when the import below loads it.
    const { devices } = readDeviceSettings(process.env)
    Object.assign(process.env, devices[0])
    const { bench } = await import('./bench.ts')
    end(await bench(request, (progress) => void process.send!(progress)))
  } catch (error) {
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error))
    if (failureClassOfError(error) === 'InvalidInput' || name === 'SettingsInvalid') end({ type: 'refused', message })
    else end({ type: 'failed', message: `${name}: ${message}`, stack: stack ?? message })
  }
}

/** Sends the last answer and ends the process once it is sent. */
function end(answer: BenchAnswer): void {
  process.send!(answer, undefined, {}, () => process.disconnect())
}
