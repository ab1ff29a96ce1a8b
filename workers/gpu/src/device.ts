import type { StageRequest } from '@gauntlet/contract'
import type { Digest } from '@gauntlet/study'
import type { BundleFile } from './bundles/bundle-cache.ts'
import { DeviceProcess, DeviceUnusable, usualLimits, type DeviceLimits } from './device-process.ts'
import type { DeviceProgress, MeasuredResult, EngineDescription } from './device-protocol.ts'

/**
 * One device and the process that does its tensor work. Tensor work blocks the thread it runs on; in a process of its
 * own it cannot stop heartbeats, and a crash of the native library costs one attempt. A process that hangs is killed.
 * One that has ended is replaced at the next attempt, by one with the same engine.
 */
export class Device {
  private process: DeviceProcess | undefined
  private nextId = 1
  /** What the first process ran on, which stages are keyed by. */
  private environmentClass: Digest | undefined
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
  async start(): Promise<EngineDescription> {
    const description = await (await this.living()).ready
    this.environmentClass ??= description.environmentClass
    return description
  }

  /**
   * Runs one attempt at one stage by its bundle. Aborting asks the process to stop at its next safe point. Throws
   * `DeviceFailure` where the attempt failed, and `DeviceUnusable` where every other one would fail, too.
   */
  async run(
    bundle: BundleFile,
    request: StageRequest<unknown>,
    onProgress: (progress: DeviceProgress) => void,
    signal: AbortSignal,
  ): Promise<MeasuredResult> {
    const process = await this.usable()
    signal.throwIfAborted()
    return process.run({ id: this.nextId++, bundle, request, onProgress, signal })
  }

  async stop(): Promise<void> {
    await this.process?.stop()
  }

  /** A process that has started, by its second try at the latest, with the engine of the first one. */
  private async usable(): Promise<DeviceProcess> {
    const { environmentClass } = await this.start().catch(() =>
      this.start().catch((error: Error) => {
        throw new DeviceUnusable('WorkerLost', `The device does not start: ${error.message}`)
      }),
    )
    if (environmentClass === this.environmentClass) return this.process!
    throw new DeviceUnusable('WorkerChanged', 'The engine was replaced while the worker ran; start the worker again.')
  }

  /** The process, or a new one once the one before has ended and left the device. */
  private async living(): Promise<DeviceProcess> {
    if (this.process?.isLeaving) await this.process.stop()
    if (!this.process || this.process.isOver) this.process = new DeviceProcess(this.variables, this.engine, this.limits)
    return this.process
  }
}
