import type { StageRequest } from '@gauntlet/contract'
import { fork, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import type { BundleFile } from './bundles/bundle-cache.ts'
import type { EngineDescription } from './bundles/engine-module.ts'
import type { DeviceProgress, DeviceResult, FromDevice, ToDevice } from './device-protocol.ts'

/** The device process failed an attempt; `failureClass` says what may help. */
export class DeviceFailure extends Error {
  override readonly name = 'DeviceFailure'
  constructor(
    readonly failureClass: Extract<FromDevice, { type: 'failed' }>['failureClass'],
    message: string,
  ) {
    super(message)
  }
}

interface Running {
  readonly id: number
  readonly onProgress: (progress: DeviceProgress) => void
  readonly resolve: (result: DeviceResult) => void
  readonly reject: (failure: Error) => void
}

/**
 * One device and the process that does its tensor work. Tensor work blocks the thread it runs on; in a process of its
 * own it cannot stop heartbeats, and a crash of the native library costs one attempt. A process that ends is replaced
 * at the next attempt.
 */
export class Device {
  private process: ChildProcess | undefined
  private ready: Promise<EngineDescription> | undefined
  private running: Running | undefined
  private nextId = 1

  /** `engine`: the bundle by which the process looks at its engine. */
  constructor(
    private readonly variables: Readonly<Record<string, string>>,
    private readonly engine: BundleFile,
  ) {}

  /** Starts the device process if none lives, and says what it runs on. */
  start(): Promise<EngineDescription> {
    this.ready ??= new Promise((resolve, reject) => {
      const child = fork(join(import.meta.dirname, 'device-process.ts'), [this.engine.path], {
        execArgv: ['--import', 'tsx', '--enable-source-maps'],
        env: { ...process.env, ...this.variables },
        serialization: 'advanced',
      })
      this.process = child
      child.on('message', (message: FromDevice) =>
        message.type === 'ready' ? resolve(message) : this.receive(message),
      )
      child.on('error', reject)
      child.on('exit', (code, signal) => {
        const lost = new DeviceFailure('WorkerLost', `The device process ended (${signal ?? `exit code ${code}`}).`)
        if (this.process === child) this.process = this.ready = undefined
        reject(lost)
        this.running?.reject(lost)
      })
    })
    return this.ready
  }

  /** Runs one attempt at one stage by its bundle. Aborting asks the process to stop at its next safe point. */
  async run(
    bundle: BundleFile,
    request: StageRequest<unknown>,
    onProgress: Running['onProgress'],
    signal: AbortSignal,
  ): Promise<DeviceResult> {
    await this.start()
    const id = this.nextId++
    const cancel = () => this.send({ type: 'cancel', id })
    signal.addEventListener('abort', cancel)
    try {
      return await new Promise<DeviceResult>((resolve, reject) => {
        this.running = { id, onProgress, resolve, reject }
        this.send({ type: 'run', id, bundle: bundle.path, request })
      })
    } finally {
      signal.removeEventListener('abort', cancel)
      this.running = undefined
    }
  }

  stop(): void {
    this.process?.kill('SIGTERM')
  }

  private send(message: ToDevice): void {
    this.process?.send(message)
  }

  private receive(message: Exclude<FromDevice, { type: 'ready' }>): void {
    const running = this.running
    if (!running || message.id !== running.id) return
    if (message.type === 'progress') running.onProgress(message.progress)
    else if (message.type === 'done') running.resolve(message.result)
    else running.reject(new DeviceFailure(message.failureClass, message.message))
  }
}
