import type { Digest } from '@gauntlet/study'
import type { Worker } from '@temporalio/worker'
import { setTimeout as sleep } from 'node:timers/promises'
import type { WorkflowBuild } from './bundle-workflows.ts'
import type { Deployment } from './deployment.ts'

/** Milliseconds between two looks at which builds still have runs. */
const lookInterval = 10_000

type RunningWorker = Pick<Worker, 'run' | 'shutdown' | 'getState'>

interface Dependencies {
  readonly deployment: Pick<Deployment, 'draining'>
  /** A worker for the runs of a build. */
  create(build: WorkflowBuild): Promise<RunningWorker>
  /** A build that was kept. */
  kept(buildId: Digest): Promise<WorkflowBuild>
  readonly log?: (line: string) => void
}

/** The workers of earlier builds that still have runs: each is started when it is needed and stopped when it is not. */
export class VersionWorkers {
  private readonly running = new Map<Digest, { readonly worker: RunningWorker; readonly ended: Promise<void> }>()
  /** Builds that could not be had, so that each is told once; they are tried again. */
  private readonly told = new Set<Digest>()
  private readonly log: (line: string) => void

  constructor(private readonly dependencies: Dependencies) {
    this.log = dependencies.log ?? ((line) => console.log(line))
  }

  /** The builds whose runs are gone on with at present. */
  get builds(): readonly Digest[] {
    return [...this.running.keys()]
  }

  /** Looks again and again at which builds have runs, until `ended` settles; then all workers are stopped. */
  async tendUntil(ended: Promise<unknown>): Promise<void> {
    const ending = new AbortController()
    const end = () => ending.abort()
    ended.then(end, end)
    while (!ending.signal.aborted) {
      await this.tend().catch((error: unknown) => this.log(`builds with runs could not be looked up: ${String(error)}`))
      await sleep(lookInterval, undefined, { signal: ending.signal }).catch(() => undefined)
    }
    for (const { worker } of this.running.values()) stop(worker)
    await Promise.all([...this.running.values()].map((each) => each.ended))
  }

  /** Starts a worker for every build with runs that has none, and stops those without. */
  async tend(): Promise<void> {
    const wanted = new Set(await this.dependencies.deployment.draining())
    for (const buildId of wanted) if (!this.running.has(buildId)) await this.begin(buildId)
    for (const [buildId, { worker }] of this.running) {
      if (wanted.has(buildId)) continue
      this.log(`build ${buildId.slice(0, 12)} has no runs any more`)
      stop(worker)
    }
  }

  private async begin(buildId: Digest): Promise<void> {
    try {
      const worker = await this.dependencies.create(await this.dependencies.kept(buildId))
      const ended = worker.run().then(
        () => void this.running.delete(buildId),
        (error: unknown) => {
          this.running.delete(buildId)
          this.log(`the worker of build ${buildId.slice(0, 12)} has ended: ${String(error)}`)
        },
      )
      this.running.set(buildId, { worker, ended })
      this.log(`going on with the runs of build ${buildId.slice(0, 12)}`)
    } catch (error) {
      if (this.told.has(buildId)) return
      this.told.add(buildId)
      this.log(
        `The workflows of build ${buildId} have runs and cannot be had (${(error as Error).message}); cancel the studies that wait for them (npx gauntlet cancel) and run them again.`,
      )
    }
  }
}

function stop(worker: RunningWorker): void {
  if (worker.getState() === 'RUNNING') worker.shutdown()
}
