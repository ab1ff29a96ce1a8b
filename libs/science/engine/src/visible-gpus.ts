import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where the operating system tells of NVIDIA GPUs; other places in tests. */
export interface GpuPlaces {
  /** A folder for each GPU, named by its place on the bus. */
  readonly gpus: string
  /** There where Windows lends its GPU to Linux, which has no such folder. */
  readonly windows: string
}

const systemPlaces: GpuPlaces = { gpus: '/proc/driver/nvidia/gpus', windows: '/dev/dxg' }

/**
 * The GPUs this process may use, each as a value of `CUDA_VISIBLE_DEVICES`: what that variable lists, else all by their
 * index in the order of the bus. None where there is no driver, or `GAUNTLET_ENGINE` is `cpu`. Loads no tensor runtime.
 */
export function visibleGpus(variables: NodeJS.ProcessEnv, places: GpuPlaces = systemPlaces): string[] {
  if (variables['GAUNTLET_ENGINE'] === 'cpu') return []
  const all = existsSync(places.windows) ? ['0'] : gpuFolders(places).map((_, index) => String(index))
  const listed = variables['CUDA_VISIBLE_DEVICES']
  if (listed === undefined || all.length === 0) return all
  const names = listed.split(',').map((name) => name.trim())
  // CUDA takes what stands before the first entry that names no device.
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
