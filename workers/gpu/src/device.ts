import type { FailureClass, StageRequest } from '@gauntlet/contract'
import type { Digest } from '@gauntlet/study'
import { fork, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import type { BundleFile } from './bundles/bundle-cache.ts'
import type { EngineDescription } from './bundles/engine-module.ts'
import { cpuTicksOf } from './cpu-time.ts'
import type { DeviceProgress, DeviceResult, FromDevice, ToDevice } from './device-protocol.ts'
import { Patience } from './patience.ts'

/** The device process failed an attempt; `failureClass` says what may help. */
export class DeviceFailure extends Error {
  override readonly name = 'DeviceFailure'
  /** `lostArtifact`: the one that the attempt could not read, where that is why it failed. */
  constructor(
    readonly failureClass: FailureClass,
    message: string,
    readonly lostArtifact?: Digest,
  ) {
    super(message)
  }
}

/** Limits in milliseconds after which a device process is taken for lost, and is killed. */
export interface DeviceLimits {
  /** Until it says what it runs on. */
  readonly start: number
  /** Without a sign of life: no message, and hardly any CPU time used. */
  readonly silence: number
  /** Without progress at a stage. It is long, because one block of an attack may take hours on a CPU. */
  readonly progress: number
  /** To stop after it was asked to. A training first ends its step and writes a checkpoint. */
  readonly cancel: number
}

const minute = 60_000
const usualLimits: DeviceLimits = {
  start: 10 * minute,
  silence: 2 * minute,
  progress: 360 * minute,
  cancel: 2 * minute,
}

/** Milliseconds between two looks at a device process that works. */
const lookInterval = 1_000

/** CPU time between two looks, in ticks of 10 ms, from which a process counts as working. */
const workingTicks = 5

interface Running {
  readonly id: number
  readonly onProgress: (progress: DeviceProgress) => void
  readonly resolve: (result: DeviceResult) => void
  readonly reject: (failure: Error) => void
  readonly life: Patience
  readonly progress: Patience
}

/**
 * One device and the process that does its tensor work. Tensor work blocks the thread it runs on; in a process of its
 * own it cannot stop heartbeats, and a crash of the native library costs one attempt. A process that hangs is killed.
 * One that ends is replaced at the next attempt.
 */
export class Device {
  private process: ChildProcess | undefined
  private ready: Promise<EngineDescription> | undefined
  private running: Running | undefined
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
    this.ready ??= new Promise((resolve, reject) => {
      const child = fork(join(import.meta.dirname, 'device-process.ts'), [this.engine.path], {
        execArgv: ['--import', 'tsx', '--enable-source-maps'],
        env: { ...process.env, ...this.variables },
        serialization: 'advanced',
      })
      this.process = child
      const late = setTimeout(() => this.kill(reject, 'did not start', this.limits.start), this.limits.start)
      child.on('message', (message: FromDevice) => {
        if (message.type !== 'ready') return this.receive(message)
        clearTimeout(late)
        resolve(message)
      })
      child.on('error', reject)
      child.on('exit', (code, signal) => {
        clearTimeout(late)
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
    signal.throwIfAborted()
    const id = this.nextId++
    const life = new Patience(this.limits.silence, request.attempt)
    const progress = new Patience(this.limits.progress, request.attempt)
    const endings: (() => void)[] = []
    try {
      return await new Promise<DeviceResult>((resolve, reject) => {
        this.running = { id, onProgress, resolve, reject, life, progress }
        endings.push(this.watch(this.running), this.cancelOn(signal, this.running))
        this.send({ type: 'run', id, bundle: bundle.path, request })
      })
    } finally {
      for (const end of endings) end()
      this.running = undefined
    }
  }

  stop(): void {
    this.process?.kill('SIGTERM')
  }

  /** Looks at the process again and again; returns what ends that. */
  private watch({ life, progress, reject }: Running): () => void {
    let [lookedAt, ticks] = [performance.now(), cpuTicksOf(this.process!.pid!)]
    const timer = setInterval(() => {
      const [now, used] = [performance.now(), cpuTicksOf(this.process?.pid ?? 0)]
      // While this process itself did not run, it could not hear.
      const waited = Math.min(now - lookedAt, 2 * lookInterval)
      if (used !== null && ticks !== null && used - ticks >= workingTicks) life.heard()
      ;[lookedAt, ticks] = [now, used]
      if (life.waited(waited)) this.kill(reject, 'gave no sign of life', life.limit)
      else if (progress.waited(waited)) this.kill(reject, 'made no progress', progress.limit)
    }, lookInterval)
    return () => clearInterval(timer)
  }

  /** Passes an abort on, and kills a process that does not obey; returns what ends that. */
  private cancelOn(signal: AbortSignal, { id, reject }: Running): () => void {
    let overdue: NodeJS.Timeout | undefined
    const cancel = () => {
      this.send({ type: 'cancel', id })
      overdue = setTimeout(() => this.kill(reject, 'did not stop when asked', this.limits.cancel), this.limits.cancel)
    }
    signal.addEventListener('abort', cancel)
    return () => {
      signal.removeEventListener('abort', cancel)
      clearTimeout(overdue)
    }
  }

  /** Kills the process, which a stopped or blocked one cannot prevent, and fails what waits for it. */
  private kill(reject: (failure: Error) => void, what: string, limit: number): void {
    const within = limit < minute ? `${limit / 1_000} s` : `${Math.round(limit / minute)} min`
    reject(new DeviceFailure('WorkerLost', `The device process ${what} for ${within} and was killed.`))
    this.process?.kill('SIGKILL')
  }

  private send(message: ToDevice): void {
    this.process?.send(message)
  }

  private receive(message: Exclude<FromDevice, { type: 'ready' }>): void {
    const running = this.running
    if (!running || message.id !== running.id) return
    running.life.heard()
    if (message.type === 'progress') {
      running.progress.heard()
      running.onProgress(message.progress)
    } else if (message.type === 'done') running.resolve(message.result)
    else if (message.type === 'failed')
      running.reject(new DeviceFailure(message.failureClass, message.message, message.lostArtifact))
  }
}
