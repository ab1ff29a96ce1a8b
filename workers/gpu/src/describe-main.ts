import { describeWorker } from './describe.ts'
import { Device } from './device.ts'
import { readDeviceSettings } from './settings.ts'

/** Prints what a worker on this machine would say of itself, and ends. */
const device = new Device(readDeviceSettings(process.env).devices[0]!)
process.stdout.write(JSON.stringify(describeWorker([await device.start()])))
device.stop()
