import { defaultPool, temporalSettings, type TemporalSettings } from '@gauntlet/contract'
import { deviceVariables } from '@gauntlet/engine/device-variables'
import { chosenPlugin, devicesOf } from '@gauntlet/engine/plugin-choice'
import type { OneDevice } from '@gauntlet/engine/visible-devices'
import { readFileSync } from 'node:fs'
import { availableParallelism, hostname, totalmem } from 'node:os'
import type { DrainLimits } from './draining.ts'

/** What a GPU worker is told by its environment. It is given no database credentials, and refuses to start with any. */
export interface GpuWorkerSettings extends DeviceSettings {
  readonly temporal: TemporalSettings
  readonly pool: string
  /** The environment class that the pool is declared to be of; undefined where a worker of any class may join. */
  readonly environment: string | undefined
  readonly identity: string
  /** `GAUNTLET_ARTIFACTS` and `GAUNTLET_CACHE`. */
  readonly artifacts: string
  readonly cache: string
  readonly drain: DrainLimits
  /** Where Prometheus may read metrics, as host:port; undefined for none. */
  readonly metricsAddress: string | undefined
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
    temporal: temporalSettings(variables.TEMPORAL_ADDRESS!, variables, (path) => readFileSync(path)),
    pool: variables.GAUNTLET_POOL || defaultPool,
    environment: variables.GAUNTLET_POOL_ENVIRONMENT || undefined,
    identity: variables.GAUNTLET_WORKER ?? `gpu@${hostname()}/${process.pid}`,
    artifacts: variables.GAUNTLET_ARTIFACTS!,
    cache: variables.GAUNTLET_CACHE!,
    drain: readDrainLimits(variables),
    metricsAddress: variables.GAUNTLET_METRICS || undefined,
  }
}

/**
 * The deadline is that of `GAUNTLET_DEADLINE` or of the SLURM job, in seconds since the epoch. The device process is
 * given two minutes to stop a stage, so the reserve should not be shorter where that may be needed.
 */
function readDrainLimits(variables: NodeJS.ProcessEnv): DrainLimits {
  const end = variables.GAUNTLET_DEADLINE || variables.SLURM_JOB_END_TIME
  const idle = variables.GAUNTLET_IDLE_SECONDS
  return {
    deadline: end ? 1_000 * count({ GAUNTLET_DEADLINE: end }, 'GAUNTLET_DEADLINE', 0) : null,
    reserve: 1_000 * count(variables, 'GAUNTLET_DRAIN_SECONDS', defaultReserveSeconds),
    idle: idle ? 1_000 * count(variables, 'GAUNTLET_IDLE_SECONDS', 0) : null,
  }
}

const defaultReserveSeconds = 120

/**
 * One device process an accelerator, each of which sees no other; processes beyond the number of accelerators share
 * them. Where programs run on the CPU, as many as it carries.
 */
export function readDeviceSettings(
  variables: NodeJS.ProcessEnv,
  accelerators = acceleratorsOf(variables),
): DeviceSettings {
  const devices = count(variables, 'GAUNTLET_DEVICES', accelerators.length || devicesOfCpu())
  const threads = count(variables, 'GAUNTLET_THREADS', 1)
  const memory = count(variables, 'GAUNTLET_DEVICE_MEMORY', memoryShare(devices))
  const seen = (index: number) =>
    accelerators.length > 0 ? { accelerator: accelerators[index % accelerators.length]! } : { memory }
  return {
    devices: Array.from({ length: devices }, (_, index) => deviceVariables({ threads, ...seen(index) })),
  }
}

/** The accelerators that the chosen plugin is for. */
function acceleratorsOf(variables: NodeJS.ProcessEnv): readonly OneDevice[] {
  const plugin = chosenPlugin(variables)
  return plugin === undefined ? [] : (devicesOf(plugin, variables) ?? [])
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
