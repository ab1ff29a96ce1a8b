import { defaultPool, temporalSettings, type TemporalSettings } from '@gauntlet/contract'
import { deviceVariables } from '@gauntlet/engine/device-variables'
import { formNamed, formOf, precisions, type Form } from '@gauntlet/engine/forms'
import { formVariable } from '@gauntlet/engine/process-form'
import { visibleGpus } from '@gauntlet/engine/visible-gpus'
import { availableParallelism, hostname, totalmem } from 'node:os'

/** What a GPU worker is told by its environment. It is given no database credentials, and refuses to start with any. */
export interface GpuWorkerSettings extends DeviceSettings {
  readonly temporal: TemporalSettings
  readonly pool: string
  readonly identity: string
}

export type DeviceVariables = Readonly<Record<string, string>>

export interface DeviceSettings {
  /** The environment of the process of each device. */
  readonly devices: readonly DeviceVariables[]
}

/** The worker was started wrongly; the message names the variable. */
export class SettingsInvalid extends Error {
  override readonly name = 'SettingsInvalid'
}

export function readGpuWorkerSettings(variables: NodeJS.ProcessEnv): GpuWorkerSettings {
  if (variables.DATABASE_URL)
    throw new SettingsInvalid('A GPU worker must hold no database credentials; unset DATABASE_URL and start it again.')
  for (const name of ['TEMPORAL_ADDRESS', 'GAUNTLET_ARTIFACTS', 'GAUNTLET_CACHE']) {
    if (!variables[name]) throw new SettingsInvalid(`A GPU worker needs ${name}; set it and start the worker again.`)
  }
  return {
    ...readDeviceSettings(variables),
    temporal: temporalSettings(variables.TEMPORAL_ADDRESS!, variables),
    pool: variables.GAUNTLET_POOL ?? defaultPool,
    identity: variables.GAUNTLET_WORKER ?? `gpu@${hostname()}/${process.pid}`,
  }
}

/**
 * One device process a GPU, each of which sees no other; processes beyond the number of GPUs share them. Without GPUs
 * as many as the CPU carries.
 */
export function readDeviceSettings(variables: NodeJS.ProcessEnv, gpus = visibleGpus(variables)): DeviceSettings {
  const devices = count(variables, 'GAUNTLET_DEVICES', gpus.length || devicesOfCpu())
  const threads = count(variables, 'GAUNTLET_THREADS', 1)
  const gpuOf = (index: number) => (gpus.length > 0 ? { gpu: gpus[index % gpus.length]! } : {})
  const memory = count(variables, 'GAUNTLET_DEVICE_MEMORY', memoryShare(devices))
  const room = gpus.length > 0 ? {} : { memory }
  const form = formWanted(variables, gpus.length > 0 ? 'gpu' : 'cpu')
  return {
    devices: Array.from({ length: devices }, (_, index) => ({
      ...deviceVariables({ threads, ...gpuOf(index), ...room }),
      [formVariable]: form.name,
    })),
  }
}

/**
 * The form of all programs, which is part of the environment class: `GAUNTLET_FORM`, else the one for the kind of
 * device in the precision that `GAUNTLET_PRECISION` names, by default float32.
 */
function formWanted(variables: NodeJS.ProcessEnv, device: 'cpu' | 'gpu'): Form {
  const named = variables[formVariable]
  if (named) return formNamed(named)
  const wanted = variables['GAUNTLET_PRECISION'] ?? 'float32'
  const precision = precisions.find((each) => each === wanted)
  if (precision) return formOf(device, precision)
  throw new SettingsInvalid(`GAUNTLET_PRECISION is ${JSON.stringify(wanted)}; give one of ${precisions.join(', ')}.`)
}

/**
 * On CPUs one device process per core, of one thread: a result then does not depend on how many cores a machine has
 * (decision 0009). Each needs memory for a training step of its own.
 */
function devicesOfCpu(): number {
  return Math.max(1, Math.min(availableParallelism(), Math.floor(hostMemory() / memoryPerDevice)))
}

/** Bytes of each of so many processes on a CPU; a tenth is for all else. */
function memoryShare(devices: number): number {
  return Math.floor((0.9 * hostMemory()) / devices)
}

/** Bytes of the machine, or of the container. */
function hostMemory(): number {
  return Math.min(totalmem(), process.constrainedMemory() || Infinity)
}

/** Bytes. */
const memoryPerDevice = 4 * 2 ** 30

function count(variables: NodeJS.ProcessEnv, name: string, fallback: number): number {
  const text = variables[name]
  if (text === undefined) return fallback
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1)
    throw new SettingsInvalid(`${name} is ${JSON.stringify(text)}; give a whole number from 1.`)
  return value
}
