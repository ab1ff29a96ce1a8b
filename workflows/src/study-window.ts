import {
  circuitBreakerThreshold,
  configurationWorkflowId,
  stageCodesOf,
  type ConfigurationPage,
  type ConfigurationResult,
  type StageCode,
  type StudyCarried,
  type StudyCounts,
  type StudyProgress,
  type StudyWorkflowInput,
  type Workflows,
} from '@gauntlet/contract'
import { configurationId, type Configuration, type Perturbation } from '@gauntlet/study'
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common'
import {
  CancellationScope,
  ChildWorkflowFailure,
  condition,
  continueAsNew,
  isCancellation,
  ParentClosePolicy,
  sleep,
  startChild,
  workflowInfo,
} from '@temporalio/workflow'
import { CircuitBreaker } from './circuit-breaker.ts'
import { configuration as configurationWorkflow } from './configuration.ts'
import { StudyStages } from './study-stages.ts'
import { ledger } from './stage-runner.ts'

const pageSize = 50
const fresh: StudyCarried = {
  offset: 0,
  unfinished: [],
  ended: { measured: 0, diverged: 0, failed: 0, skipped: 0 },
  bugs: {},
}

/**
 * Seconds between two attempts to start a configuration that another study, or an earlier run of this one, has in
 * flight. Each attempt adds events to the history, so a large window makes fewer.
 */
const startPauses = { first: 2, perConfigurationInFlight: 0.1, growth: 1.5, longest: 600 }

/**
 * The configurations of a study that are in flight, those that have ended, and the state that another run needs to go
 * on.
 */
export class StudyWindow {
  private ended: StudyCounts
  /** How many configurations of the ledger's list have been started. */
  private offset: number
  private total = 0
  private perturbations: readonly Perturbation[] = []
  private codes: readonly StageCode[] = []
  private page: readonly Configuration[] = []
  /** The configurations that an earlier run left in flight and that this one has not started again yet. */
  private readonly carried: Configuration[]
  private readonly running = new Map<string, Configuration>()
  private readonly shared: StudyStages
  private readonly breaker: CircuitBreaker
  /** Why the study cannot go on: it was cancelled, or the ledger cannot record a missing cell. */
  private fatal: { readonly error: unknown } | undefined

  constructor(private readonly input: StudyWorkflowInput) {
    const { offset, unfinished, ended, bugs } = input.carried ?? fresh
    this.offset = offset
    this.carried = [...unfinished]
    this.ended = ended
    this.breaker = new CircuitBreaker(bugs)
    this.shared = new StudyStages(input.pool, () => this.codes)
  }

  progress(): StudyProgress {
    return { total: this.total, ended: this.ended, running: [...this.running.keys()].map(configurationWorkflowId) }
  }

  /**
   * Runs every configuration. A study that is cancelled ends once the configurations in flight have been cancelled,
   * too.
   */
  async run(): Promise<StudyCounts> {
    try {
      return await this.startAll()
    } catch (error) {
      if (isCancellation(error)) await CancellationScope.nonCancellable(() => condition(() => this.running.size === 0))
      throw error
    }
  }

  /** Starts each configuration as soon as the window has room, and ends when all have ended. */
  private async startAll(): Promise<StudyCounts> {
    await this.loadPage(this.offset)
    for (;;) {
      const earlier = this.carried[0]
      const next = earlier ?? (await this.nextOfList())
      await this.waitUntil(() => this.running.size < (next ? this.input.window : 1))
      if (!next) return this.ended
      if (earlier) this.carried.shift()
      else this.offset += 1
      this.start(next, earlier !== undefined)
    }
  }

  /** The next configuration of the ledger's list. */
  private async nextOfList(): Promise<Configuration | undefined> {
    if (this.page.length === 0 && this.offset < this.total) await this.loadPage(this.offset)
    const [next, ...rest] = this.page
    this.page = rest
    return next
  }

  private async loadPage(offset: number): Promise<void> {
    const page = await ledger.configurationPage({ file: this.input.file, offset, limit: pageSize })
    this.page = page.configurations
    this.total = page.total
    this.perturbations = page.perturbations
    this.codes = codesOf(page)
  }

  /**
   * Waits, and continues as new once the history is long. Configurations that only wait for others make it longer, too.
   */
  private async waitUntil(ready: () => boolean): Promise<void> {
    const tooLong = () => workflowInfo().continueAsNewSuggested
    await condition(() => this.fatal !== undefined || ready() || tooLong())
    if (this.fatal) throw this.fatal.error
    if (tooLong()) await continueAsNew<Workflows['study']>({ ...this.input, carried: this.carry() })
  }

  private carry(): StudyCarried {
    const unfinished = [...this.running.values(), ...this.carried]
    return { offset: this.offset, unfinished, ended: this.ended, bugs: this.breaker.counted() }
  }

  private start(configuration: Configuration, inEarlierRun: boolean): void {
    const id = configurationId(configuration)
    this.running.set(id, configuration)
    this.runInWindow(configuration, inEarlierRun).catch((error: unknown) => {
      this.fatal ??= { error }
      this.running.delete(id)
    })
  }

  private async runInWindow(configuration: Configuration, inEarlierRun: boolean): Promise<void> {
    await this.shared.runFor(configuration)
    // A configuration that an earlier run left in flight is not skipped: it was tried, and its result is still to come.
    if (!inEarlierRun && (await this.skip(configuration))) return this.end(configuration, 'skipped')
    const { outcome, failures } = await this.runChild(configuration)
    this.breaker.count(configuration.backbone.id, failures)
    this.end(configuration, outcome)
  }

  /**
   * Counts a configuration and removes it from the window in one step. A run that ended in between would count it
   * twice, or never.
   */
  private end(configuration: Configuration, outcome: keyof StudyCounts): void {
    this.ended = { ...this.ended, [outcome]: this.ended[outcome] + 1 }
    this.running.delete(configurationId(configuration))
  }

  /**
   * Runs a configuration as a child workflow. Where another study runs the same one, this waits for it and then starts
   * its own, which recalls what that one did.
   */
  private async runChild(configuration: Configuration): Promise<ConfigurationResult> {
    const { studyId, pool } = this.input
    let pause = Math.max(startPauses.first, startPauses.perConfigurationInFlight * this.running.size)
    for (;;) {
      try {
        const child = await startChild(configurationWorkflow, {
          workflowId: configurationWorkflowId(configurationId(configuration)),
          args: [{ studyId, configuration, perturbations: this.perturbations, pool }],
          parentClosePolicy: ParentClosePolicy.ABANDON,
        })
        return await child.result()
      } catch (error) {
        const cancelled = CancellationScope.current().consideredCancelled
        if (error instanceof ChildWorkflowFailure && !cancelled) return this.endedAbnormally(configuration, error)
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error
      }
      await sleep(`${pause} s`)
      pause = Math.min(pause * startPauses.growth, startPauses.longest)
    }
  }

  /** Records a configuration whose workflow was cancelled or terminated from outside, or had a bug. */
  private async endedAbnormally(
    configuration: Configuration,
    error: ChildWorkflowFailure,
  ): Promise<ConfigurationResult> {
    const id = configurationId(configuration)
    const failure = { stage: 'aggregate', failureClass: 'Bug', message: error.cause?.message ?? error.message } as const
    await ledger.recordMissingCell({ studyId: this.input.studyId, configurationId: id, ...failure })
    return { configurationId: id, outcome: 'failed', measurements: [], failures: [failure] }
  }

  /** Whether bugs have opened the circuit of this backbone; the reason is then recorded. */
  private async skip(configuration: Configuration): Promise<boolean> {
    const open = this.breaker.openFor(configuration.backbone.id)
    if (!open) return false
    await ledger.recordMissingCell({
      studyId: this.input.studyId,
      configurationId: configurationId(configuration),
      stage: open.stage,
      failureClass: 'CircuitOpen',
      message: `Not tried: ${circuitBreakerThreshold} configurations failed alike (${open.stage}: ${open.cause}); mend that and run the study again.`,
    })
    return true
  }
}

/** The codes of a study, or those of the page where an earlier version of the ledger worker read it. */
function codesOf({ codes, configurations, perturbations }: ConfigurationPage): readonly StageCode[] {
  return (codes as readonly StageCode[] | undefined) ?? stageCodesOf(configurations, perturbations)
}
