import { descriptionOf } from './describe.ts'
import { Device } from './device.ts'
import { readDeviceSettings } from './settings.ts'

/** Prints what a worker on this machine would say of itself, and ends. */
const { devices } = readDeviceSettings(process.env)
const device = new Device(devices[0]!)
process.stdout.write(JSON.stringify(descriptionOf([await device.start()])))
device.stop()
