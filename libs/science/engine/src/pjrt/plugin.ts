import { digestOf, digestOfBytes, type Digest } from '@gauntlet/study'
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, readSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { pjrtAddition, type ConnectedDevice, type PluginOption } from './pjrt-addition.ts'
import { firstLine, PluginUnusable } from './pjrt-errors.ts'

/** A plugin that this process has loaded, and the device that it reaches. */
export interface Plugin extends ConnectedDevice {
  readonly path: string
  /** The digest of its file. */
  readonly digest: Digest
  /** The version of PJRT's interface that it has, such as `0.115`. */
  readonly interface: string
  /** The vendor's libraries beside it, with their versions, where they came as Python packages. */
  readonly libraries: readonly string[]
}

/**
 * Loads a plugin and starts its device; throws `PluginUnusable` where that cannot be done. A process has one device:
 * the first that the plugin lists, which the vendor's own variable chooses (`CUDA_VISIBLE_DEVICES`,
 * `HIP_VISIBLE_DEVICES`).
 */
export function connectPlugin(path: string): Plugin {
  requireWhole(path)
  const [major, minor] = orUnusable(path, () => pjrtAddition().load(path))
  const connected = orUnusable(path, () => pjrtAddition().connect(path, clientOptions(path)))
  return {
    ...connected,
    path,
    digest: digestOfFile(path),
    interface: `${major}.${minor}`,
    libraries: librariesOf(path),
  }
}

/**
 * GPUs' plugins take three quarters of the memory at their start unless they are told not to, and two processes may
 * share a GPU.
 */
function clientOptions(path: string): readonly PluginOption[] {
  return /cuda|rocm/i.test(path) ? [['preallocate', false]] : []
}

function orUnusable<Result>(path: string, work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    const why = firstLine((error as Error).message)
    throw new PluginUnusable(
      `The PJRT plugin ${path} cannot be used here (${why}); install the driver and the plugin of this machine's device, or set GAUNTLET_DEVICE=cpu.`,
      { cause: error },
    )
  }
}

/**
 * Refuses a library of which a part is missing: the dynamic linker would kill the process where it reads beyond the
 * end. An ELF file ends with its table of sections (System V ABI, "ELF header": offset, size of an entry and their
 * number).
 */
function requireWhole(path: string): void {
  const header = Buffer.alloc(64)
  const file = openSync(path, 'r')
  const read = readSync(file, header, 0, header.length, 0)
  closeSync(file)
  if (process.platform !== 'linux') return
  const isElf = read === header.length && header.toString('latin1', 0, 4) === '\u007fELF'
  const end = isElf ? Number(header.readBigUInt64LE(40)) + header.readUInt16LE(58) * header.readUInt16LE(60) : Infinity
  if (end <= statSync(path).size) return
  throw new PluginUnusable(
    isElf
      ? `A part of the PJRT plugin ${path} is missing; install it again.`
      : `${path} is no library of this machine; name a PJRT plugin.`,
  )
}

/** The digest of a file's bytes. It is kept in the cache folder under path, size and time, since plugins are large. */
function digestOfFile(path: string, cacheFolder = process.env['GAUNTLET_CACHE']): Digest {
  const { size, mtimeMs } = statSync(path)
  const folder = cacheFolder && join(cacheFolder, 'plugins')
  const kept = folder && join(folder, digestOf({ path, size, mtimeMs }))
  try {
    if (kept) return readFileSync(kept, 'utf8') as Digest
  } catch {
    // It is computed for the first time.
  }
  const digest = digestOfBytes(readFileSync(path))
  if (kept) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(kept, digest)
  }
  return digest
}

/** The vendor's packages in the folder of packages that the plugin is in, as Python's installers name them. */
function librariesOf(path: string): string[] {
  const packages = dirname(dirname(dirname(path)))
  return entriesOf(packages)
    .map((name) => /^((?:nvidia|rocm|jax)[\w.-]*)\.dist-info$/.exec(name)?.[1])
    .filter((name) => name !== undefined)
    .sort()
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
