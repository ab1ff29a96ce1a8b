import {
  circuitBreakerThreshold,
  configurationWorkflowId,
  failureClassOf,
  type ConfigurationResult,
  type ConfigurationWorkflowInput,
  type FailureClass,
  type ListedConfiguration,
  type StudyCarried,
  type StudyCounts,
  type StudyOutline,
  type StudyProgress,
  type StudyWorkflowInput,
  type Workflows,
} from '@gauntlet/contract'
import { configurationId } from '@gauntlet/study'
import {
  ApplicationFailure,
  CancellationScope,
  ChildWorkflowFailure,
  condition,
  continueAsNew,
  isCancellation,
  workflowInfo,
} from '@temporalio/workflow'
import { ChildConfigurations, wasEndedByHand } from './child-configuration.ts'
import { CircuitBreaker } from './circuit-breaker.ts'
import { ledger } from './ledger.ts'
import { StudyStages } from './study-stages.ts'

const pageSize = 50
const fresh: StudyCarried = {
  offset: 0,
  unfinished: [],
  ended: { measured: 0, diverged: 0, failed: 0, skipped: 0 },
  bugs: {},
}

/**
 * The configurations of a study that are in flight, those that have ended, and the state that another run needs to go
 * on.
 */
export class StudyWindow {
  private ended: StudyCounts
  /** The place in the study's list of the next configuration. */
  private offset: number
  /** Configurations of the list that are next. */
  private page: readonly ListedConfiguration[] = []
  /** The places of configurations that an earlier run left in flight, and that this one has not joined yet. */
  private carried: readonly number[]
  private readonly running = new Map<number, ListedConfiguration>()
  private readonly children = new ChildConfigurations()
  private readonly breaker: CircuitBreaker
  private readonly shared: StudyStages
  /** Why the study cannot go on: it was cancelled, or the ledger cannot record a missing cell. */
  private fatal: { readonly error: unknown } | undefined

  constructor(
    private readonly input: StudyWorkflowInput,
    private readonly outline: StudyOutline,
  ) {
    const { offset, unfinished, ended, bugs } = input.carried ?? fresh
    this.offset = offset
    this.carried = unfinished
    this.ended = ended
    this.breaker = new CircuitBreaker(bugs)
    this.shared = new StudyStages(input.pool, outline.codes, outline.perturbations)
  }

  progress(): StudyProgress {
    const running = [...this.running.values()].map(({ configuration }) => configurationId(configuration))
    return { total: this.outline.total, ended: this.ended, running: running.map(configurationWorkflowId) }
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
    const { file } = this.input
    const places = this.carried
    for (const listed of places.length > 0 ? await ledger.listedConfigurations({ file, places }) : []) {
      this.carried = this.carried.filter((place) => place !== listed.index)
      this.start(listed, true)
    }
    for (;;) {
      const next = await this.nextOfList()
      await this.waitUntil(() => this.running.size < (next ? this.input.window : 1))
      if (!next) return this.ended
      this.page = this.page.slice(1)
      this.passOver(next.index)
      this.offset = next.index + 1
      this.start(next, false)
    }
  }

  /** The next configuration of the list that has something to do. */
  private async nextOfList(): Promise<ListedConfiguration | undefined> {
    const { file } = this.input
    while (this.page.length === 0 && this.offset < this.outline.total) {
      const worker = await this.shared.describe()
      const { open, next } = await ledger.openConfigurations({ file, worker, offset: this.offset, limit: pageSize })
      this.page = open
      if (open.length === 0) this.passOver(next)
    }
    return this.page[0]
  }

  /** Counts the configurations before this place, which have every number already. */
  private passOver(place: number): void {
    this.ended = { ...this.ended, measured: this.ended.measured + place - this.offset }
    this.offset = place
  }

  /** Waits, and continues as new once the history is long. */
  private async waitUntil(ready: () => boolean): Promise<void> {
    const tooLong = () => workflowInfo().continueAsNewSuggested
    await condition(() => this.fatal !== undefined || ready() || tooLong())
    if (this.fatal) throw this.fatal.error
    if (tooLong()) await continueAsNew<Workflows['study']>({ ...this.input, carried: this.carry() })
  }

  private carry(): StudyCarried {
    const unfinished = [...this.running.keys(), ...this.carried]
    return { offset: this.offset, unfinished, ended: this.ended, bugs: this.breaker.counted() }
  }

  private start(listed: ListedConfiguration, inEarlierRun: boolean): void {
    this.running.set(listed.index, listed)
    this.runInWindow(listed, inEarlierRun).catch((error: unknown) => {
      this.fatal ??= { error }
      this.running.delete(listed.index)
    })
  }

  private async runInWindow(listed: ListedConfiguration, inEarlierRun: boolean): Promise<void> {
    const shared = await this.shared.outputsFor(listed.configuration)
    // A configuration that an earlier run left in flight is not skipped: it was tried, and its result is still to come.
    if (!inEarlierRun && (await this.skip(listed))) return this.end(listed, 'skipped')
    const { studyId, pool } = this.input
    const { perturbations } = this.outline
    const input = { studyId, configuration: listed.configuration, perturbations, pool, ...(shared ? { shared } : {}) }
    const { outcome, failures, workersChanged } = await this.resultOf(input)
    if (workersChanged) this.shared.forget()
    this.breaker.count(listed.configuration.backbone.id, failures)
    this.end(listed, outcome)
  }

  /**
   * Counts a configuration and removes it from the window in one step. A run that ended in between would count it
   * twice, or never.
   */
  private end({ index }: ListedConfiguration, outcome: keyof StudyCounts): void {
    this.ended = { ...this.ended, [outcome]: this.ended[outcome] + 1 }
    this.running.delete(index)
  }

  /** The result of a configuration. One that was ended from outside is recorded, and has failed. */
  private async resultOf(input: ConfigurationWorkflowInput): Promise<ConfigurationResult> {
    try {
      return await this.children.run(input)
    } catch (error) {
      if (!(error instanceof ChildWorkflowFailure) || CancellationScope.current().consideredCancelled) throw error
      const { studyId } = this.input
      const id = configurationId(input.configuration)
      const byHand = wasEndedByHand(error)
      const failureClass = byHand ? 'Cancelled' : classOf(error)
      const message = byHand ? 'It was ended by hand.' : (error.cause?.message ?? error.message)
      const failure = { stage: 'aggregate', failureClass, message } as const
      await ledger.recordMissingCell({ studyId, configurationId: id, ...failure })
      const result = { studyId, configurationId: id, measurements: [], failures: [failure] }
      return { ...result, outcome: 'failed', workersChanged: false }
    }
  }

  /** Whether bugs have opened the circuit of this backbone; the reason is then recorded. */
  private async skip({ configuration }: ListedConfiguration): Promise<boolean> {
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

/** The class of a failure that ended a configuration as a whole, such as that of a ledger that refuses its rows. */
function classOf({ cause }: ChildWorkflowFailure): FailureClass {
  return failureClassOf(cause instanceof ApplicationFailure ? cause.type : undefined)
}
