import { digestOf, digestOfBytes, type Digest } from '@gauntlet/study'
import process from 'node:process'
import { libraryVariables } from '../library-variables.ts'
import { mebibytes, requireRoomFor } from '../device-memory.ts'
import { OutOfMemory } from '../out-of-memory.ts'
import { processorClass } from '../processor.ts'
import type { CompilerEnvironment } from './compiler-environment.ts'
import { compileOptions, compilerSettings } from './compile-options.ts'
import { executableCache, type ExecutableCache } from './executable-cache.ts'
import { pjrtAddition, type Executable } from './pjrt-addition.ts'
import { translatingPjrt } from './pjrt-errors.ts'
import { chosenPlugin, deviceVariable, pluginVariable } from './plugin-choice.ts'
import { connectPlugin, type Plugin } from './plugin.ts'

/** A device that a PJRT plugin reaches, and the compiler for it. */
export class PjrtDevice {
  private readonly options: Uint8Array

  constructor(
    readonly plugin: Plugin,
    private readonly cache: ExecutableCache = executableCache(),
  ) {
    this.options = compileOptions(compilerSettings(plugin.platform))
  }

  /** The platform and the model of the device. A CPU's plugin compiles for the processor that it runs on. */
  get model(): string {
    const { platform, device } = this.plugin
    return `${platform} ${platform === 'cpu' ? processorClass() : device}`
  }

  get compiler(): CompilerEnvironment {
    const { digest, platform, platformVersion, libraries } = this.plugin
    return {
      plugin: digest,
      version: `${platformVersion}, PJRT ${this.plugin.interface}`,
      libraries,
      settings: compilerSettings(platform).map((setting) => setting.join('=')),
    }
  }

  /** Compiles the bytes of an HloModuleProto, or loads what another process has compiled of them. */
  compile(name: string, module: Uint8Array): Executable {
    const key = this.keyOf(module)
    const known = this.loaded(this.cache.find(key))
    if (known) return known
    const executable = translatingPjrt(`compiling ${name}`, () =>
      pjrtAddition().compile(this.plugin.path, module, this.options),
    )
    this.cache.keep(key, pjrtAddition().serialize(executable))
    return executable
  }

  /**
   * Throws `OutOfMemory` unless the device has room for a session that is about to be made: for its state, and for what
   * the largest of its programs needs beside it, in bytes. A CPU's plugin shares the memory of the process.
   */
  requireRoomFor(state: number, beside: number): void {
    const memory = pjrtAddition().memory(this.plugin.path)
    if (!memory) return requireRoomFor(state, beside)
    const [used, limit] = memory
    if (used + state + beside <= limit) return
    throw new OutOfMemory(
      `The device would need ${mebibytes(used + state + beside)} MiB and has ${mebibytes(limit)}; use a smaller micro-batch.`,
    )
  }

  /** All that what is compiled depends on. */
  private keyOf(module: Uint8Array): Digest {
    const compiler = { ...this.compiler, libraries: [...this.plugin.libraries] }
    return digestOf({
      module: digestOfBytes(module),
      device: this.model,
      compiler,
      variables: libraryVariables(process.env),
    })
  }

  /** A program from its bytes; undefined where the plugin does not take them. */
  private loaded(bytes: Uint8Array | undefined): Executable | undefined {
    if (!bytes) return undefined
    try {
      return pjrtAddition().deserialize(this.plugin.path, bytes)
    } catch {
      return undefined
    }
  }
}

/** The devices by the variables that choose them, and by path. */
const chosen = new Map<string, PjrtDevice | undefined>()
const connected = new Map<string, PjrtDevice>()

/** The device on which this process runs its programs; undefined where TensorFlow runs them, on the CPU. */
export function pjrtDevice(variables: NodeJS.ProcessEnv = process.env): PjrtDevice | undefined {
  const asked = `${variables[pluginVariable] ?? ''} ${variables[deviceVariable] ?? ''}`
  if (!chosen.has(asked)) chosen.set(asked, deviceOf(chosenPlugin(variables)))
  return chosen.get(asked)
}

function deviceOf(path: string | undefined): PjrtDevice | undefined {
  if (path === undefined) return undefined
  const device = connected.get(path) ?? new PjrtDevice(connectPlugin(path))
  connected.set(path, device)
  return device
}
