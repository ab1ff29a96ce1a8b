import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

/** Where the operating system lists accelerators. Tests give other places. */
export interface DevicePlaces {
  /** A folder of NVIDIA's driver that has one folder for each GPU. */
  readonly nvidia: string
  /** A file that exists where Linux runs inside Windows and uses its GPU. That Linux has no folders of GPUs. */
  readonly windows: string
  /** A folder of AMD's driver that has one folder for each processor and each GPU. */
  readonly amd: string
}

const systemPlaces: DevicePlaces = {
  nvidia: '/proc/driver/nvidia/gpus',
  windows: '/dev/dxg',
  amd: '/sys/class/kfd/kfd/topology/nodes',
}

/** Environment variables by which a process sees one device of a machine and no other. */
export type OneDevice = Readonly<Record<string, string>>

/** A vendor's devices: the variable that lists those that a process sees, and how they are found. */
interface Vendor {
  readonly variable: string
  /** What a process needs beside the variable to count devices as the driver does. */
  readonly order: OneDevice
  count(places: DevicePlaces): number
}

/** The vendors whose plugins take all devices of a machine unless a variable lists some. */
const vendors = {
  cuda: {
    variable: 'CUDA_VISIBLE_DEVICES',
    // By default CUDA puts the fastest GPU first; the driver and nvidia-smi count in the order of the bus.
    order: { CUDA_DEVICE_ORDER: 'PCI_BUS_ID' },
    count: ({ nvidia, windows }) => (existsSync(windows) ? 1 : foldersIn(nvidia).length),
  },
  rocm: {
    variable: 'HIP_VISIBLE_DEVICES',
    order: {},
    count: ({ amd }) => foldersIn(amd).filter(hasSimdUnits).length,
  },
} as const satisfies Readonly<Record<string, Vendor>>

export type VendorName = keyof typeof vendors

/**
 * The devices of a vendor that this process may use, each as the environment of a process that sees it alone: those
 * that the vendor's variable lists, else all that the driver has. This module loads no tensor runtime.
 */
export function visibleDevices(
  vendor: VendorName,
  variables: NodeJS.ProcessEnv = process.env,
  places: DevicePlaces = systemPlaces,
): OneDevice[] {
  const { variable, order, count }: Vendor = vendors[vendor]
  const all = Array.from({ length: count(places) }, (_, index) => String(index))
  const listed = variables[variable]
  const names = listed === undefined || all.length === 0 ? all : namesIn(listed)
  return names.map((name) => ({ [variable]: name, ...order }))
}

/** Drivers ignore all entries of their lists from the first one on that names no device. */
function namesIn(listed: string): string[] {
  const names = listed.split(',').map((name) => name.trim())
  const end = names.findIndex((name) => name === '' || name.startsWith('-'))
  return end < 0 ? names : names.slice(0, end)
}

/** Whether a node of AMD's driver is a GPU. Of a processor the number of its SIMD units is given as 0. */
function hasSimdUnits(node: string): boolean {
  const properties = join(node, 'properties')
  return existsSync(properties) && /^simd_count [1-9]/m.test(readFileSync(properties, 'utf8'))
}

function foldersIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []
}
