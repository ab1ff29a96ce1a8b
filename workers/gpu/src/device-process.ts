import type { FailureClass, StageRequest } from '@gauntlet/contract'
import type { Digest } from '@gauntlet/study'
import { fork, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import type { BundleFile } from './bundles/bundle-cache.ts'
import { cpuTicksOf } from './cpu-time.ts'
import type { DeviceProgress, MeasuredResult, EngineDescription, FromDevice, ToDevice } from './device-protocol.ts'
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

/** A device cannot be used by this worker any more, whatever the stage: the worker must be started again. */
export class DeviceUnusable extends DeviceFailure {}

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
export const usualLimits: DeviceLimits = {
  start: 10 * minute,
  silence: 2 * minute,
  progress: 360 * minute,
  cancel: 2 * minute,
}

/** Milliseconds between two looks at a device process that works. */
const lookInterval = 1_000

/** Milliseconds until a killed process that has not ended is given up: it hangs within the system. */
const longestExit = 10_000

/** Milliseconds that a process without work may take to end. */
const longestStop = 5_000

/** CPU time between two looks, in ticks of 10 ms, from which a process counts as working. */
const workingTicks = 5

interface Work {
  readonly id: number
  readonly bundle: BundleFile
  readonly request: StageRequest<unknown>
  readonly onProgress: (progress: DeviceProgress) => void
  readonly signal: AbortSignal
}

interface Running extends Pick<Work, 'id' | 'onProgress'> {
  readonly resolve: (result: MeasuredResult) => void
  readonly reject: (failure: Error) => void
  readonly life: Patience
  readonly progress: Patience
}

/** A device process from its start to its end, and the one attempt that it works at. */
export class DeviceProcess {
  /** What it runs on; fails where it ends before it can say. */
  readonly ready: Promise<EngineDescription>
  /** Whether it has ended, or was given up. */
  isOver = false
  private readonly child: ChildProcess
  private running: Running | undefined
  private hasFailed = false
  private killed: DeviceFailure | undefined
  private failToStart: (failure: Error) => void = () => undefined
  private readonly ended: Promise<void>
  private nowEnded: () => void = () => undefined

  constructor(
    variables: Readonly<Record<string, string>>,
    engine: BundleFile,
    private readonly limits: DeviceLimits,
  ) {
    this.child = fork(join(import.meta.dirname, 'device-main.ts'), [engine.path], {
      execArgv: ['--import', import.meta.resolve('tsx'), '--enable-source-maps'],
      env: { ...process.env, ...variables },
      serialization: 'advanced',
    })
    this.ended = new Promise((resolve) => void (this.nowEnded = resolve))
    this.ready = new Promise((resolve, reject) => {
      this.failToStart = reject
      const late = setTimeout(() => this.kill('did not start', limits.start), limits.start)
      this.child.on('message', (message: FromDevice) => {
        if (message.type !== 'ready') return this.receive(message)
        clearTimeout(late)
        resolve(message)
      })
      this.child.on('error', ({ message }) => {
        if (this.child.pid !== undefined) return // what could not be sent to it; its end follows
        clearTimeout(late)
        this.end(new DeviceFailure('WorkerLost', `The device process could not be started: ${message}`))
      })
      this.child.on('exit', (code, signal) => {
        clearTimeout(late)
        this.end(this.killed ?? failureOf(code, signal))
      })
    })
  }

  /** Runs one attempt at one stage. Aborting asks the process to stop at its next safe point. */
  async run({ id, bundle, request, onProgress, signal }: Work): Promise<MeasuredResult> {
    const life = new Patience(this.limits.silence, request.attempt)
    const progress = new Patience(this.limits.progress, request.attempt)
    const endings: (() => void)[] = []
    try {
      return await new Promise<MeasuredResult>((resolve, reject) => {
        this.running = { id, onProgress, resolve, reject, life, progress }
        endings.push(this.watch(this.running), this.cancelOn(signal, id))
        this.send({ type: 'run', id, bundle: bundle.path, request })
      })
    } finally {
      for (const end of endings) end()
      this.running = undefined
    }
  }

  /** Whether it takes no more stages: it has ended, or ends after a failure of its accelerator. */
  get isLeaving(): boolean {
    return this.isOver || this.hasFailed || !this.child.connected
  }

  /** Lets the process end, which ignores signals, and kills it where it does not. */
  async stop(): Promise<void> {
    if (this.isOver) return
    if (this.child.connected) this.child.disconnect()
    const overdue = setTimeout(() => this.kill('was asked to end, went on', longestStop), longestStop)
    await this.ended
    clearTimeout(overdue)
  }

  /** Looks at the process again and again; returns what ends that. */
  private watch({ life, progress }: Running): () => void {
    const pid = this.child.pid ?? 0
    let [lookedAt, ticks] = [performance.now(), cpuTicksOf(pid)]
    const timer = setInterval(() => {
      const [now, used] = [performance.now(), cpuTicksOf(pid)]
      // While this process itself did not run, it could not hear.
      const waited = Math.min(now - lookedAt, 2 * lookInterval)
      if (used !== null && ticks !== null && used - ticks >= workingTicks) life.heard()
      ;[lookedAt, ticks] = [now, used]
      if (life.waited(waited)) this.kill('gave no sign of life', life.limit)
      else if (progress.waited(waited)) this.kill('made no progress', progress.limit)
    }, lookInterval)
    return () => clearInterval(timer)
  }

  /** Passes an abort on, and kills a process that does not obey; returns what ends that. */
  private cancelOn(signal: AbortSignal, id: number): () => void {
    const { cancel: limit } = this.limits
    let overdue: NodeJS.Timeout | undefined
    const cancel = () => {
      this.send({ type: 'cancel', id })
      overdue = setTimeout(() => this.kill('was asked to stop, went on', limit), limit)
    }
    signal.addEventListener('abort', cancel)
    return () => {
      signal.removeEventListener('abort', cancel)
      clearTimeout(overdue)
    }
  }

  /**
   * Kills the process, which a stopped or blocked one cannot prevent. What waits for it fails once it has ended, so
   * that no other process finds its device taken; one that the system cannot end is given up.
   */
  private kill(what: string, limit: number): void {
    if (this.killed) return
    const time = limit < minute ? `${limit / 1_000} s` : `${Math.round(limit / minute)} min`
    const failure = new DeviceFailure('WorkerLost', `The device process ${what} for ${time} and was killed.`)
    this.killed = failure
    this.child.kill('SIGKILL')
    setTimeout(() => this.end(failure), longestExit).unref()
  }

  private end(lost: DeviceFailure): void {
    this.isOver = true
    this.nowEnded()
    this.failToStart(lost)
    this.running?.reject(lost)
  }

  private send(message: ToDevice): void {
    this.child.send(message)
  }

  private receive(message: Exclude<FromDevice, { type: 'ready' }>): void {
    const running = this.running
    if (!running || message.id !== running.id) return
    running.life.heard()
    if (message.type === 'progress') {
      running.progress.heard()
      running.onProgress(message.progress)
    } else if (message.type === 'done') running.resolve(message.result)
    else if (message.type === 'failed') {
      this.hasFailed = message.failureClass === 'WorkerLost'
      running.reject(new DeviceFailure(message.failureClass, message.message, message.lostArtifact))
    }
  }
}

/** Signals by which a process ends for what it did itself, so that the same work would end the next one, too. */
const crashes: ReadonlySet<string> = new Set(['SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGSEGV', 'SIGSYS', 'SIGTRAP'])

function failureOf(code: number | null, signal: NodeJS.Signals | null): DeviceFailure {
  return signal && crashes.has(signal)
    ? new DeviceFailure('Bug', `The device process crashed (${signal}); what it said last is in its worker's log.`)
    : new DeviceFailure('WorkerLost', `The device process ended (${signal ?? `exit code ${code}`}).`)
}
