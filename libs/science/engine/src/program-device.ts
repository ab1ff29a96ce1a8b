import { pjrtDevice } from './pjrt/pjrt-device.ts'
import { activeRecording } from './programs/capturing.ts'

/** What runs the programs of this process: a CPU, or a device with many more units and memory of its own. */
export type ProgramDeviceKind = 'cpu' | 'accelerator'

export function programDeviceKind(): ProgramDeviceKind {
  const device = pjrtDevice()
  return device && device.plugin.platform !== 'cpu' ? 'accelerator' : 'cpu'
}

/**
 * Whether the operators that run now are recorded for XLA. Layers then take operators for which XLA has kernels, where
 * eager code and TensorFlow's own programs take what is fastest on CPUs, or all that there is.
 */
export function isRecordedForXla(): boolean {
  return activeRecording() !== undefined && pjrtDevice() !== undefined
}
