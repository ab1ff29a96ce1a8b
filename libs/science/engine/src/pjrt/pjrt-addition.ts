import { bindingAddition } from '../binding-addition.ts'

/** The number of a tensor on the device. It lives until it is freed. */
export type DeviceTensor = number & { readonly kind?: 'tensor' }

/** A compiled program. It is freed when it is collected, at the latest. */
export type Executable = object & { readonly kind?: 'program' }

/** An option of a plugin: a bigint for an integer, a number for a real number. */
export type PluginOption = readonly [name: string, value: string | boolean | number | bigint]

/** The functions of infra/binding/pjrt.cc. A plugin is named by its path, and is loaded once in a process. */
export interface PjrtAddition {
  load(path: string): readonly [major: number, minor: number]
  connect(path: string, options: readonly PluginOption[]): ConnectedDevice
  /** What is in use and what may be used at most, in bytes; undefined where the device does not say. */
  memory(path: string): readonly [used: number, limit: number] | undefined
  compile(path: string, module: Uint8Array, options: Uint8Array): Executable
  compileFor(
    path: string,
    topology: string,
    topologyOptions: readonly PluginOption[],
    module: Uint8Array,
    options: Uint8Array,
  ): Executable
  serialize(program: Executable): Uint8Array
  deserialize(path: string, bytes: Uint8Array): Executable
  programMemory(program: Executable): ProgramMemory
  upload(
    path: string,
    values: Float32Array | Int32Array | Uint8Array,
    type: number,
    shape: readonly number[],
  ): DeviceTensor
  download(tensor: DeviceTensor): ArrayBuffer
  run(program: Executable, tensors: readonly DeviceTensor[]): DeviceTensor[]
  isDeleted(tensor: DeviceTensor): boolean
  freeTensor(tensor: DeviceTensor): void
  freeProgram(program: Executable): void
  liveTensors(): number
}

/** What a plugin says of its platform and its device. */
export interface ConnectedDevice {
  readonly platform: string
  readonly platformVersion: string
  readonly device: string
}

/** What a program needs on the device, in bytes. */
export interface ProgramMemory {
  readonly code: number
  readonly inputs: number
  readonly outputs: number
  /** The part of the outputs that is in memory of inputs. */
  readonly aliased: number
  readonly temporaries: number
}

export function pjrtAddition(): PjrtAddition {
  return bindingAddition<PjrtAddition>('pjrt')
}
