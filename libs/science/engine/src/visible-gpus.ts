import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where the operating system lists NVIDIA GPUs. Tests give other places. */
export interface GpuPlaces {
  /** A folder that has one folder for each GPU, named by its place on the bus. */
  readonly gpus: string
  /** A file that exists where Linux runs inside Windows and uses its GPU. That Linux has no folders of GPUs. */
  readonly windows: string
}

const systemPlaces: GpuPlaces = { gpus: '/proc/driver/nvidia/gpus', windows: '/dev/dxg' }

/**
 * The GPUs that this process may use, each as a value of `CUDA_VISIBLE_DEVICES`: those that this variable lists, else
 * all by their index in the order of the bus. There are none without a driver, or where `GAUNTLET_ENGINE` is `cpu`.
 * This module loads no tensor runtime.
 */
export function visibleGpus(variables: NodeJS.ProcessEnv, places: GpuPlaces = systemPlaces): string[] {
  if (variables['GAUNTLET_ENGINE'] === 'cpu') return []
  const all = existsSync(places.windows) ? ['0'] : gpuFolders(places).map((_, index) => String(index))
  const listed = variables['CUDA_VISIBLE_DEVICES']
  if (listed === undefined || all.length === 0) return all
  const names = listed.split(',').map((name) => name.trim())
  // CUDA ignores all entries from the first one on that names no device.
  const end = names.findIndex((name) => name === '' || name.startsWith('-'))
  return end < 0 ? names : names.slice(0, end)
}

/** The model of a GPU, as the driver lists it. `name`: its index in the order of the bus, or its UUID. */
export function gpuModel(name: string, places: GpuPlaces = systemPlaces): string {
  const told = gpuFolders(places).map((folder) => readFileSync(join(places.gpus, folder, 'information'), 'utf8'))
  const information = /^\d+$/.test(name) ? told[Number(name)] : told.find((text) => uuidOf(text)?.startsWith(name))
  return /^Model:\s*(.+)$/m.exec(information ?? '')?.[1] ?? 'unknown'
}

function gpuFolders({ gpus }: GpuPlaces): string[] {
  return existsSync(gpus) ? readdirSync(gpus).sort() : []
}

function uuidOf(information: string): string | undefined {
  return /^GPU UUID:\s*(\S+)/m.exec(information)?.[1]
}
