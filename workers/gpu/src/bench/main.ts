import type { BenchAnswer, BenchRequest } from '@gauntlet/contract'
import { failureClassOfError } from '../failure-class.ts'
import { withForm } from '../forms/choose-form.ts'
import { readDeviceSettings } from '../settings.ts'

/*
 * The process of `gauntlet doctor --bench`: takes one request over IPC, measures, answers, and ends. It computes as a
 * device process of a worker here does, so that what it measures is of their environment class.
 */

process.on('disconnect', () => process.exit(1))
process.once('message', (request: BenchRequest) => void answer(request))

async function answer(request: BenchRequest): Promise<void> {
  try {
    // libtensorflow reads these when it is loaded, which the import does.
    const { devices } = await withForm(readDeviceSettings(process.env), process.env)
    Object.assign(process.env, devices[0])
    const { bench } = await import('./bench.ts')
    end(await bench(request, (progress) => void process.send!(progress)))
  } catch (error) {
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error))
    if (failureClassOfError(error) === 'InvalidInput' || name === 'SettingsInvalid') end({ type: 'refused', message })
    else end({ type: 'failed', message: `${name}: ${message}`, stack: stack ?? message })
  }
}

/** The last answer: the process ends once it is sent. */
function end(answer: BenchAnswer): void {
  process.send!(answer, undefined, {}, () => process.disconnect())
}
