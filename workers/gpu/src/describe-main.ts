import type { StageCode } from '@gauntlet/contract'
import { StageBundles } from './bundles/stage-bundles.ts'
import { descriptionOf } from './describe.ts'
import { Device } from './device.ts'
import { readDeviceSettings } from './settings.ts'

/**
 * Prints what a worker on this machine would say of itself, with the digests of the codes on standard input, and ends.
 */
const codes = JSON.parse(await textOf(process.stdin)) as StageCode[]
const { devices } = readDeviceSettings(process.env)
const bundles = new StageBundles()
const device = new Device(devices[0]!, await bundles.bundle('engine'))
process.stdout.write(JSON.stringify(await descriptionOf([await device.start()], bundles, codes)))
await device.stop()

async function textOf(stream: AsyncIterable<Buffer | string>): Promise<string> {
  let text = ''
  for await (const piece of stream) text += String(piece)
  return text
}
