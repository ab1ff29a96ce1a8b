import {
  configurationWorkflowId,
  type ConfigurationResult,
  type ConfigurationWorkflowInput,
  type ExtendedStudy,
  type ExtendRequest,
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
import { configurationId, configurationLabel, type Digest } from '@gauntlet/study'
import {
  ApplicationFailure,
  CancellationScope,
  ChildWorkflowFailure,
  continueAsNew,
  isCancellation,
  workflowInfo,
} from '@temporalio/workflow'
import { ChildConfigurations } from './child-configuration.ts'
import { CircuitBreaker } from './circuit-breaker.ts'
import { leftBy, startExtension } from './extension.ts'
import { ledger } from './ledger.ts'
import { recordEndFromOutside, recordSkip } from './missing-cells.ts'
import { condition, settled } from './one-by-one.ts'
import { goesBy } from './patches.ts'
import { StudyPools } from './study-pools.ts'
import { StudyTally } from './study-tally.ts'
import { Untried } from './untried.ts'

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
  /** Whether control reaches what an earlier run left in flight. It does not in runs that began before it could. */
  private readonly controlsLeft = goesBy('controls-what-is-left')
  private readonly running = new Map<number, InFlight>()
  /** The places of configurations that are to be stopped as soon as they are taken up from an earlier run. */
  private readonly toStop = new Set<number>()
  private readonly untried: Untried
  private readonly children: ChildConfigurations
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
    this.paused = carried.paused
    this.budgetSeconds = input.budgetSeconds
    this.tally = new StudyTally(carried)
    this.breaker = new CircuitBreaker(carried.bugs)
    this.pools = new StudyPools(input, outline)
    this.untried = new Untried(input, outline, this.pools, this.tally, carried)
    this.children = new ChildConfigurations(this.controlsLeft ? this.studyIds : [])
  }

  /** The study and those that it extends. */
  private get studyIds(): readonly Digest[] {
    return [this.input.studyId, ...(this.input.extended?.studyIds ?? [])]
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
    if (now) this.stopAll()
    return this.progress()
  }

  resume({ budgetSeconds }: ResumeRequest): StudyProgress {
    if (budgetSeconds !== undefined) this.budgetSeconds = budgetSeconds
    this.paused = this.isBudgetSpent() ? 'budget' : null
    this.toStop.clear()
    return this.progress()
  }

  /** Tries configurations again that have ended without every number. */
  retry(request: RetryRequest): StudyProgress {
    this.breaker.close()
    const places = this.tally.takeBack(request)
    this.untried.add(...places)
    return { ...this.progress(), retried: places.length }
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
      if (isCancellation(error)) await CancellationScope.nonCancellable(() => this.cancelled())
      throw error
    }
  }

  /** Ends once everything that is in flight for the study has stopped. */
  private async cancelled(): Promise<void> {
    const left = this.controlsLeft && this.untried.left.length > 0 ? await this.listedLeft() : []
    await Promise.all(left.map(({ configuration }) => this.children.stop(configurationId(configuration))))
    const joined = () => (this.controlsLeft ? this.children.joined.length : 0)
    await condition(() => this.running.size + joined() === 0)
  }

  /** Stops what is in flight for the study, also what it took over and has not taken up yet. */
  private stopAll(): void {
    for (const { scope } of this.running.values()) scope.cancel()
    if (!this.controlsLeft) return
    for (const place of this.untried.left) this.toStop.add(place)
    this.children.stopJoined()
  }

  /**
   * Starts each configuration as soon as the window has room, and ends when all have ended. What an earlier run left in
   * flight is taken up also while the study is paused.
   */
  private async startAll(): Promise<StudyResult> {
    const goesOn = () => this.paused === null || (this.controlsLeft && this.untried.isNextLeft)
    const hasRoom = () => goesOn() && this.running.size < this.input.window
    for (;;) {
      await this.waitUntil(() => this.extension !== undefined || this.isOver() || hasRoom())
      if (this.extension) return this.handOver(this.extension)
      if (this.isOver()) return this.tally.counts
      const wasPaused = this.paused
      const next = await this.next()
      if (next === 'stopped') continue
      if (!next)
        await this.waitUntil(() => this.extension !== undefined || this.untried.hasAgain || this.running.size === 0)
      else if (this.controlsLeft && wasPaused === null && this.paused !== null) this.untried.putBack(next)
      else this.start(next)
    }
  }

  /** The next configuration; `stopped` where a pause has stopped the question that it depended on. */
  private async next(): Promise<ListedConfiguration | 'stopped' | undefined> {
    try {
      return await this.untried.next()
    } catch (error) {
      // A configuration that was stopped had asked first, and both waited for the same answer.
      if (!isCancellation(error) || CancellationScope.current().consideredCancelled) throw error
      return 'stopped'
    }
  }

  /**
   * Starts the study that extends this one, as soon as no stage runs that configurations share, which would be lost.
   * Configurations in flight go on, and that study joins them.
   */
  private async handOver({ studyId, file }: ExtendRequest): Promise<StudyResult> {
    await condition(() => this.fatal !== undefined || this.pools.areIdle())
    if (this.fatal) throw this.fatal.error
    const { studyId: _own, extended: _extended, carried: _carried, ...settings } = this.input
    this.tally.addSeconds(this.pools.takeSeconds())
    const left = await this.listedLeft()
    const running = [...this.running.values()].map(({ listed }) => listed)
    const ids = [...running, ...left].map(({ configuration }) => configurationId(configuration))
    const taken: ExtendedStudy = {
      studyIds: this.studyIds,
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

  private listedLeft(): Promise<readonly ListedConfiguration[]> {
    return ledger.listedConfigurations({ file: this.input.file, places: this.untried.left })
  }

  private isOver(): boolean {
    return this.untried.isEmpty && this.running.size === 0
  }

  /** Waits, and continues as new once the history is long. */
  private async waitUntil(ready: () => boolean): Promise<void> {
    const tooLong = () => workflowInfo().continueAsNewSuggested
    await condition(() => this.fatal !== undefined || ready() || tooLong())
    if (this.controlsLeft && tooLong()) {
      await condition(() => !this.children.hasWords)
      await settled() // so that what has ended by now is counted
    }
    if (this.fatal) throw this.fatal.error
    if (this.extension || !tooLong()) return // the study that goes on begins with a history of its own
    const { budgetSeconds } = this
    await continueAsNew<Workflows['study']>({ ...this.input, budgetSeconds, carried: this.carry() })
  }

  private carry(): StudyCarried {
    this.tally.addSeconds(this.pools.takeSeconds())
    return {
      ...this.tally.carry(),
      ...this.untried.carry([...this.running.keys()]),
      bugs: this.breaker.counted(),
      paused: this.paused,
      ...(this.children.joined.length > 0 ? { joined: this.children.joined } : {}),
    }
  }

  private start(listed: ListedConfiguration): void {
    const scope = new CancellationScope()
    this.running.set(listed.index, { listed, scope })
    if (this.toStop.delete(listed.index)) scope.cancel()
    scope
      .run(() => this.runInWindow(listed))
      .catch((error: unknown) => {
        const { consideredCancelled } = CancellationScope.current()
        if (isCancellation(error) && !consideredCancelled) return this.tryLater(listed.index)
        this.running.delete(listed.index)
        this.fatal ??= { error }
      })
  }

  private tryLater(place: number): void {
    this.running.delete(place)
    this.untried.add(place)
  }

  private async runInWindow(listed: ListedConfiguration): Promise<void> {
    const { index, configuration } = listed
    const stages = this.pools.of(listed)
    const { studyId } = this.input
    if (this.controlsLeft && this.untried.takeLeft(index)) {
      const joined = await this.children.resultFor(studyId, configurationId(configuration))
      if (joined) return this.count(listed, joined)
      if (this.paused !== null) return this.tryLater(index)
    }
    const shared = await stages.outputsFor(configuration)
    if (this.extension) return void this.running.delete(index) // the study that extends this one has it, too
    // One that an earlier run left in flight was tried, and its result is still to come.
    const skipped = this.untried.takeLeft(index) ? null : await this.skip(listed)
    if (skipped) return this.end(listed, skipped)
    const { perturbations } = this.outline
    const place = this.pools.placeOf(listed)
    const input = { studyId, configuration, perturbations, ...place, ...(shared ? { shared } : {}) }
    this.count(listed, await this.resultOf(input))
  }

  /** Counts the result of a configuration, what it cost, and what it says of the workers and of its backbone. */
  private count(listed: ListedConfiguration, result: ConfigurationResult): void {
    if (result.workersChanged) {
      this.pools.of(listed).forget()
      this.breaker.close()
      if (goesBy('skipped-again')) this.untried.add(...this.tally.takeBack({ failureClass: 'CircuitOpen' }))
    }
    this.breaker.count(result.configurationId, listed.configuration.backbone.id, result.failures)
    this.end(listed, result)
    this.addSeconds(result.deviceSeconds + this.pools.takeSeconds())
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
      return recordEndFromOutside(input, error)
    }
  }

  /** Where bugs have opened the circuit of this backbone: records that, and gives why it is skipped. */
  private async skip({ configuration }: ListedConfiguration) {
    const open = this.breaker.openFor(configuration.backbone.id)
    return open ? recordSkip(this.input.studyId, configuration, open) : null
  }
}
