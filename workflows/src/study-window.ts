import {
  circuitBreakerThreshold,
  configurationWorkflowId,
  failureClassOf,
  type ConfigurationResult,
  type ConfigurationWorkflowInput,
  type ExtendedStudy,
  type ExtendRequest,
  type FailureClass,
  type ListedConfiguration,
  type PauseReason,
  type PauseRequest,
  type ResumeRequest,
  type RetryRequest,
  type StudyCarried,
  type StudyCounts,
  type StudyOutline,
  type StudyProgress,
  type StudyResult,
  type StudyWorkflowInput,
  type Workflows,
} from '@gauntlet/contract'
import { configurationId, configurationLabel } from '@gauntlet/study'
import {
  ApplicationFailure,
  CancellationScope,
  ChildWorkflowFailure,
  continueAsNew,
  isCancellation,
  patched,
  workflowInfo,
} from '@temporalio/workflow'
import { ChildConfigurations, wasEndedByHand } from './child-configuration.ts'
import { CircuitBreaker } from './circuit-breaker.ts'
import { leftBy, startExtension } from './extension.ts'
import { ledger } from './ledger.ts'
import { condition } from './one-by-one.ts'
import { StudyPools } from './study-pools.ts'
import { StudyTally } from './study-tally.ts'

const pageSize = 50
const fresh: StudyCarried = {
  offset: 0,
  unfinished: [],
  again: [],
  ended: { measured: 0, diverged: 0, failed: 0, skipped: 0 },
  bugs: {},
  failed: [],
  paused: null,
  deviceSeconds: 0,
}

/** The slowest configurations that progress names. */
const namedSlowest = 5

/** A configuration in flight, and the scope in which the study waits for it. */
interface InFlight {
  readonly listed: ListedConfiguration
  readonly scope: CancellationScope
}

/**
 * The configurations of a study that are in flight, those that have ended, and the state that another run needs to go
 * on.
 */
export class StudyWindow {
  /** The place in the study's list of the next configuration. */
  private offset: number
  /** Configurations of the list that are next. */
  private page: readonly ListedConfiguration[] = []
  /** Places of configurations that were tried before: by an earlier run, before a pause, or before a retry. */
  private again: number[]
  /** Those of `again` that the ledger has told the configurations of, which come a page at a time. */
  private readonly told = new Map<number, ListedConfiguration>()
  /** Those of `again` that an earlier run left in flight. */
  private readonly left: Set<number>
  private readonly running = new Map<number, InFlight>()
  private readonly children = new ChildConfigurations()
  private readonly breaker: CircuitBreaker
  private readonly pools: StudyPools
  private readonly tally: StudyTally
  private paused: PauseReason | null
  private budgetSeconds: number | null
  /** The study that goes on with the cells of this one, once it was asked to be extended. */
  private extension: ExtendRequest | undefined
  /** Why the study cannot go on: it was cancelled, or the ledger cannot record a missing cell. */
  private fatal: { readonly error: unknown } | undefined

  constructor(
    private readonly input: StudyWorkflowInput,
    private readonly outline: StudyOutline,
  ) {
    const carried = input.carried ?? { ...fresh, ...leftBy(input.extended) }
    this.offset = carried.offset
    this.again = [...carried.unfinished, ...carried.again]
    this.left = new Set(carried.unfinished)
    this.paused = carried.paused
    this.budgetSeconds = input.budgetSeconds
    this.tally = new StudyTally(carried)
    this.breaker = new CircuitBreaker(carried.bugs)
    this.pools = new StudyPools(input, outline)
  }

  progress(): StudyProgress {
    const running = [...this.running.values()].map(({ listed }) => listed.configuration)
    return {
      total: this.outline.total,
      ended: this.tally.counts,
      running: running.map((each) => configurationWorkflowId(configurationId(each))),
      slowest: running.slice(0, namedSlowest).map(configurationLabel),
      paused: this.paused,
      deviceSeconds: this.tally.deviceSeconds,
      budgetSeconds: this.budgetSeconds,
      failures: this.tally.failures(),
    }
  }

  /** Starts no more configurations, and stops those in flight if that is asked for. */
  pause({ now }: PauseRequest): StudyProgress {
    this.paused = 'asked'
    for (const { scope } of now ? this.running.values() : []) scope.cancel()
    return this.progress()
  }

  resume({ budgetSeconds }: ResumeRequest): StudyProgress {
    if (budgetSeconds !== undefined) this.budgetSeconds = budgetSeconds
    this.paused = this.isBudgetSpent() ? 'budget' : null
    return this.progress()
  }

  /** Tries configurations again that have ended without every number. */
  retry(request: RetryRequest): StudyProgress {
    this.breaker.close()
    this.again.push(...this.tally.takeBack(request))
    return this.progress()
  }

  /**
   * Hands what is left to another study, which has every cell of this one. That one joins the configurations in flight,
   * and has what this one has spent, its budget and its circuits. One extension at a time: another is refused.
   */
  extend(request: ExtendRequest): StudyProgress {
    if (this.extension !== undefined && this.extension.studyId !== request.studyId)
      throw ApplicationFailure.nonRetryable('The study is being extended already; extend the other one.')
    if (request.studyId !== this.input.studyId) this.extension = request
    return this.progress()
  }

  /**
   * Runs every configuration. A study that is cancelled ends once the configurations in flight have been cancelled,
   * too.
   */
  async run(): Promise<StudyResult> {
    try {
      this.joinExtended()
      return await this.startAll()
    } catch (error) {
      if (isCancellation(error)) await CancellationScope.nonCancellable(() => condition(() => this.running.size === 0))
      throw error
    }
  }

  /** Starts each configuration as soon as the window has room, and ends when all have ended. */
  private async startAll(): Promise<StudyResult> {
    const hasRoom = () => this.paused === null && this.running.size < this.input.window
    for (;;) {
      await this.waitUntil(() => this.extension !== undefined || this.isOver() || hasRoom())
      if (this.extension) return this.handOver(this.extension)
      if (this.isOver()) return this.tally.counts
      const next = await this.next()
      if (next) this.start(next)
      else await this.waitUntil(() => this.extension !== undefined || this.again.length > 0 || this.running.size === 0)
    }
  }

  /**
   * Starts the study that extends this one, as soon as no stage runs that configurations share, which would be lost.
   * Configurations in flight go on, and that study joins them.
   */
  private async handOver({ studyId, file }: ExtendRequest): Promise<StudyResult> {
    await condition(() => this.fatal !== undefined || this.pools.areIdle())
    if (this.fatal) throw this.fatal.error
    const { studyId: own, extended, carried: _, ...settings } = this.input
    this.tally.addSeconds(this.pools.takeSeconds())
    const left = await ledger.listedConfigurations({ file: this.input.file, places: [...this.left] })
    const running = [...this.running.values()].map(({ listed }) => listed)
    const ids = [...running, ...left].map(({ configuration }) => configurationId(configuration))
    const taken: ExtendedStudy = {
      studyIds: [own, ...(extended?.studyIds ?? [])],
      inFlight: [...new Set([...ids, ...this.children.joined])],
      bugs: this.breaker.counted(),
      paused: this.paused,
      deviceSeconds: this.tally.deviceSeconds,
    }
    const { budgetSeconds } = this
    await startExtension({ ...settings, studyId, file, budgetSeconds, extended: taken })
    return { ...this.tally.counts, extendedBy: studyId }
  }

  /** Waits for what the study that this one extends has in flight, and counts what that cost. */
  private joinExtended(): void {
    const { extended, carried } = this.input
    if (!extended) return
    for (const id of carried ? (carried.joined ?? []) : extended.inFlight)
      this.children.join(id, extended.studyIds).then(
        (seconds) => this.addSeconds(seconds),
        () => undefined, // The study was cancelled.
      )
  }

  private isOver(): boolean {
    const untried = this.again.length + this.page.length + this.outline.total - this.offset
    return untried === 0 && this.running.size === 0
  }

  /** The next configuration that has something to do: of those that were tried before, then of the list. */
  private async next(): Promise<ListedConfiguration | undefined> {
    const { file } = this.input
    if (this.again.length > 0) return this.nextAgain()
    while (this.page.length === 0 && this.offset < this.outline.total) {
      const described = await this.pools.describe()
      const { open, next } = await ledger.openConfigurations({
        file,
        ...described,
        offset: this.offset,
        limit: pageSize,
      })
      this.page = open
      if (open.length === 0) this.passOver(next)
    }
    const next = this.page[0]
    if (!next) return undefined
    this.page = this.page.slice(1)
    this.passOver(next.index)
    this.offset = next.index + 1
    return next
  }

  /** The first of those that were tried before. The ledger tells their configurations a page at a time. */
  private async nextAgain(): Promise<ListedConfiguration | undefined> {
    const place = this.again[0]!
    if (!this.told.has(place)) {
      const places = patched('again-by-the-page') ? this.again.slice(0, pageSize) : [place]
      const listed = await ledger.listedConfigurations({ file: this.input.file, places, ...this.pools.asksPlaces })
      for (const each of listed) this.told.set(each.index, each)
    }
    const listed = this.told.get(place)
    this.told.delete(place)
    this.again = this.again.filter((each) => each !== place)
    return listed
  }

  /** Counts the configurations before this place, which have every number already. */
  private passOver(place: number): void {
    this.tally.passOver(place - this.offset)
    this.offset = place
  }

  /** Waits, and continues as new once the history is long. */
  private async waitUntil(ready: () => boolean): Promise<void> {
    const tooLong = () => workflowInfo().continueAsNewSuggested
    await condition(() => this.fatal !== undefined || ready() || tooLong())
    if (this.fatal) throw this.fatal.error
    if (this.extension || !tooLong()) return // the study that goes on begins with a history of its own
    const { budgetSeconds } = this
    await continueAsNew<Workflows['study']>({ ...this.input, budgetSeconds, carried: this.carry() })
  }

  private carry(): StudyCarried {
    return {
      ...this.tally.carry(),
      offset: this.offset,
      unfinished: [...this.running.keys(), ...this.left],
      again: this.again.filter((place) => !this.left.has(place)),
      bugs: this.breaker.counted(),
      paused: this.paused,
      ...(this.children.joined.length > 0 ? { joined: this.children.joined } : {}),
    }
  }

  private start(listed: ListedConfiguration): void {
    const scope = new CancellationScope()
    this.running.set(listed.index, { listed, scope })
    scope
      .run(() => this.runInWindow(listed))
      .catch((error: unknown) => {
        this.running.delete(listed.index)
        const { consideredCancelled } = CancellationScope.current()
        if (isCancellation(error) && !consideredCancelled) this.again.push(listed.index)
        else this.fatal ??= { error }
      })
  }

  private async runInWindow(listed: ListedConfiguration): Promise<void> {
    const { index, configuration } = listed
    const stages = this.pools.of(listed)
    const shared = await stages.outputsFor(configuration)
    if (this.extension) return void this.running.delete(index) // the study that extends this one has it, too
    // One that an earlier run left in flight was tried, and its result is still to come.
    const skipped = this.left.delete(index) ? null : await this.skip(listed)
    if (skipped) return this.end(listed, skipped)
    const { studyId } = this.input
    const { perturbations } = this.outline
    const place = this.pools.placeOf(listed)
    const input = { studyId, configuration, perturbations, ...place, ...(shared ? { shared } : {}) }
    const result = await this.resultOf(input)
    if (result.workersChanged) {
      stages.forget()
      this.breaker.close()
      if (patched('skipped-again')) this.again.push(...this.tally.takeBack({ failureClass: 'CircuitOpen' }))
    }
    this.breaker.count(configurationId(configuration), configuration.backbone.id, result.failures)
    this.end(listed, result)
    this.addSeconds(result.deviceSeconds + stages.takeSeconds())
  }

  /** Counts seconds that devices were busy, and pauses once the budget is spent. */
  private addSeconds(seconds: number): void {
    this.tally.addSeconds(seconds)
    if (this.paused === null && this.isBudgetSpent()) this.paused = 'budget'
  }

  private isBudgetSpent(): boolean {
    return this.budgetSeconds !== null && this.tally.deviceSeconds >= this.budgetSeconds
  }

  /**
   * Counts a configuration and removes it from the window in one step. A run that ended in between would count it
   * twice, or never.
   */
  private end(
    { index, configuration }: ListedConfiguration,
    result: Pick<ConfigurationResult, 'failures'> & { readonly outcome: keyof StudyCounts },
  ): void {
    this.tally.end(index, configuration.backbone.id, result)
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
      return { ...result, outcome: 'failed', workersChanged: false, deviceSeconds: 0 }
    }
  }

  /** Where bugs have opened the circuit of this backbone: records that, and gives why it is skipped. */
  private async skip({ configuration }: ListedConfiguration) {
    const open = this.breaker.openFor(configuration.backbone.id)
    if (!open) return null
    const failure = {
      stage: open.stage,
      failureClass: 'CircuitOpen',
      message: `Not tried: ${circuitBreakerThreshold} configurations failed alike (${open.stage}: ${open.cause}); mend that and run the study again.`,
    } as const
    const { studyId } = this.input
    await ledger.recordMissingCell({ studyId, configurationId: configurationId(configuration), ...failure })
    return { outcome: 'skipped', failures: [failure] } as const
  }
}

/** The class of a failure that ended a configuration as a whole, such as that of a ledger that refuses its rows. */
function classOf({ cause }: ChildWorkflowFailure): FailureClass {
  return failureClassOf(cause instanceof ApplicationFailure ? cause.type : undefined)
}
