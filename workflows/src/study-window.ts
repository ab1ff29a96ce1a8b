import {
  circuitBreakerThreshold,
  configurationWorkflowId,
  type ConfigurationResult,
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
import { SharedStages } from './sibling-stages.ts'
import { ledger } from './stage-runner.ts'

const pageSize = 50
const fresh: StudyCarried = {
  offset: 0,
  unfinished: [],
  ended: { measured: 0, diverged: 0, failed: 0, skipped: 0 },
  bugs: {},
}

/**
 * Seconds between two looks at a configuration that another study, or an earlier run of this one, has in flight. Each
 * look is some events of history, so a large window looks less often.
 */
const looks = { first: 2, perConfigurationInFlight: 0.1, growth: 1.5, longest: 600 }

/** The configurations of a study in flight, those that have ended, and how to go on in another run. */
export class StudyWindow {
  private ended: StudyCounts
  /** How many of the ledger's list were started. */
  private offset: number
  private total = 0
  private perturbations: readonly Perturbation[] = []
  private page: readonly Configuration[] = []
  /** What an earlier run left in flight and this one has not yet taken up. */
  private readonly carried: Configuration[]
  private readonly running = new Map<string, Configuration>()
  private readonly shared: SharedStages
  private readonly breaker: CircuitBreaker
  /** Why the study cannot go on: it was cancelled, or the ledger cannot even record a missing cell. */
  private broken: { readonly error: unknown } | undefined

  constructor(private readonly input: StudyWorkflowInput) {
    const { offset, unfinished, ended, bugs } = input.carried ?? fresh
    this.offset = offset
    this.carried = [...unfinished]
    this.ended = ended
    this.breaker = new CircuitBreaker(bugs)
    this.shared = new SharedStages(input.pool)
  }

  progress(): StudyProgress {
    return { total: this.total, ended: this.ended, running: [...this.running.keys()].map(configurationWorkflowId) }
  }

  /** Runs every configuration; a cancelled study ends once those in flight have ended, cancelled like itself. */
  async run(): Promise<StudyCounts> {
    try {
      return await this.slide()
    } catch (error) {
      if (isCancellation(error)) await CancellationScope.nonCancellable(() => condition(() => this.running.size === 0))
      throw error
    }
  }

  /** Starts every configuration as soon as the window has room, and ends when all have. */
  private async slide(): Promise<StudyCounts> {
    await this.turnTo(this.offset)
    for (;;) {
      const earlier = this.carried[0]
      const next = earlier ?? (await this.listed())
      await this.until(() => this.running.size < (next ? this.input.window : 1))
      if (!next) return this.ended
      if (earlier) this.carried.shift()
      else this.offset += 1
      this.start(next, earlier !== undefined)
    }
  }

  /** The next of the ledger's list. */
  private async listed(): Promise<Configuration | undefined> {
    if (this.page.length === 0 && this.offset < this.total) await this.turnTo(this.offset)
    const [next, ...rest] = this.page
    this.page = rest
    return next
  }

  private async turnTo(offset: number): Promise<void> {
    const page = await ledger.configurationPage({ file: this.input.file, offset, limit: pageSize })
    this.page = page.configurations
    this.total = page.total
    this.perturbations = page.perturbations
  }

  /**
   * Waits, and continues as new once the history is long; configurations that only wait for others make it longer too.
   */
  private async until(ready: () => boolean): Promise<void> {
    const tooLong = () => workflowInfo().continueAsNewSuggested
    await condition(() => this.broken !== undefined || ready() || tooLong())
    if (this.broken) throw this.broken.error
    if (tooLong()) await continueAsNew<Workflows['study']>({ ...this.input, carried: this.carry() })
  }

  private carry(): StudyCarried {
    const unfinished = [...this.running.values(), ...this.carried]
    return { offset: this.offset, unfinished, ended: this.ended, bugs: this.breaker.counted() }
  }

  private start(configuration: Configuration, inEarlierRun: boolean): void {
    const id = configurationId(configuration)
    this.running.set(id, configuration)
    this.follow(configuration, inEarlierRun).catch((error: unknown) => {
      this.broken ??= { error }
      this.running.delete(id)
    })
  }

  private async follow(configuration: Configuration, inEarlierRun: boolean): Promise<void> {
    await this.shared.doFor(configuration)
    // What an earlier run left in flight has been tried; it has a result to wait for.
    if (!inEarlierRun && (await this.skip(configuration))) return this.end(configuration, 'skipped')
    const { outcome, failures } = await this.runChild(configuration)
    this.breaker.count(configuration.backbone.id, failures)
    this.end(configuration, outcome)
  }

  /** Counted and out of the window in one step: a run that ends in between would count it twice, or never. */
  private end(configuration: Configuration, outcome: keyof StudyCounts): void {
    this.ended = { ...this.ended, [outcome]: this.ended[outcome] + 1 }
    this.running.delete(configurationId(configuration))
  }

  /** Where somebody else runs the same configuration: wait for it, then start ours, which recalls what that one did. */
  private async runChild(configuration: Configuration): Promise<ConfigurationResult> {
    const { studyId, pool } = this.input
    let pause = Math.max(looks.first, looks.perConfigurationInFlight * this.running.size)
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
      pause = Math.min(pause * looks.growth, looks.longest)
    }
  }

  /** A configuration workflow that was cancelled or terminated from outside, or that met a bug of its own. */
  private async endedAbnormally(
    configuration: Configuration,
    error: ChildWorkflowFailure,
  ): Promise<ConfigurationResult> {
    const id = configurationId(configuration)
    const failure = { stage: 'aggregate', failureClass: 'Bug', message: error.cause?.message ?? error.message } as const
    await ledger.recordMissingCell({ studyId: this.input.studyId, configurationId: id, ...failure })
    return { configurationId: id, outcome: 'failed', measurements: [], failures: [failure] }
  }

  /** True, with the reason recorded, when bugs have opened the circuit of this backbone. */
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
