import type { StageRequest } from '@gauntlet/contract'
import type { BundleFile } from './bundles/bundle-cache.ts'
import { DeviceProcess, usualLimits, type DeviceLimits } from './device-process.ts'
import type { DeviceProgress, MeasuredResult, EngineDescription } from './device-protocol.ts'

/**
 * One device and the process that does its tensor work. Tensor work blocks the thread it runs on; in a process of its
 * own it cannot stop heartbeats, and a crash of the native library costs one attempt. A process that hangs is killed.
 * One that has ended is replaced at the next attempt.
 */
export class Device {
  private process: DeviceProcess | undefined
  private nextId = 1
  private readonly limits: DeviceLimits

  /** `engine`: the bundle by which the process looks at its engine. */
  constructor(
    private readonly variables: Readonly<Record<string, string>>,
    private readonly engine: BundleFile,
    limits: Partial<DeviceLimits> = {},
  ) {
    this.limits = { ...usualLimits, ...limits }
  }

  /** Starts the device process if none lives, and says what it runs on. */
  start(): Promise<EngineDescription> {
    return this.living().ready
  }

  /** Runs one attempt at one stage by its bundle. Aborting asks the process to stop at its next safe point. */
  async run(
    bundle: BundleFile,
    request: StageRequest<unknown>,
    onProgress: (progress: DeviceProgress) => void,
    signal: AbortSignal,
  ): Promise<MeasuredResult> {
    const process = this.living()
    await process.ready
    signal.throwIfAborted()
    return process.run({ id: this.nextId++, bundle, request, onProgress, signal })
  }

  stop(): void {
    this.process?.stop()
  }

  private living(): DeviceProcess {
    if (!this.process || this.process.isOver) this.process = new DeviceProcess(this.variables, this.engine, this.limits)
    return this.process
  }
}
