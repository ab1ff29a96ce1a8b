import {
  configurationWorkflowId,
  endedSignal,
  stopSignal,
  waitSignal,
  type ConfigurationResult,
  type ConfigurationWord,
  type ConfigurationWorkflowInput,
} from '@gauntlet/contract'
import { configurationId, type Digest } from '@gauntlet/study'
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common'
import {
  CancellationScope,
  ChildWorkflowFailure,
  defineSignal,
  getExternalWorkflowHandle,
  isCancellation,
  ParentClosePolicy,
  setHandler,
  startChild,
  workflowInfo,
} from '@temporalio/workflow'
import { configuration as configurationWorkflow } from './configuration.ts'
import { condition } from './one-by-one.ts'
import { goesBy } from './patches.ts'

/**
 * How long a study waits for the word of a configuration that it did not start. One that was terminated says none, and
 * is then started again.
 */
const longestSilence = '10 minutes'

/**
 * The most configurations that the server is asked to start at once. It starts each while it holds the study's lock; of
 * a hundred at once many do not get it in time, and it leaves those alone for a second or more.
 */
const startsAtOnce = 10

/** How often a configuration is started again because its history does not replay. */
const freshStarts = 3

/** Runs configurations as child workflows, and joins those that another study, or an earlier run, has in flight. */
export class ChildConfigurations {
  /** What configurations have said that they were asked for; null where one has no result to tell. */
  private readonly said = new Map<Digest, ConfigurationResult | null>()
  private readonly asked = new Set<Digest>()
  private readonly joining = new Map<Digest, CancellationScope>()
  /** The last starts that the server was asked for, at most `startsAtOnce`. */
  private readonly starts: Promise<unknown>[] = []

  /**
   * `stoppable`: the studies whose configurations are stopped where the wait for them is cancelled; none in runs that
   * began before they could be.
   */
  constructor(private readonly stoppable: readonly Digest[]) {
    setHandler(defineSignal<[ConfigurationWord]>(endedSignal), (word) => {
      this.said.set(word.configurationId, 'outcome' in word ? word : null)
    })
  }

  /**
   * Runs a configuration and gives its result. Where one with its id is in flight, this waits until it has ended, and
   * takes its result if it ran for this study. Else the configuration is started, which recalls what that one did, as
   * it does after one whose history does not replay. Throws `ChildWorkflowFailure` where it was ended from outside.
   */
  async run(input: ConfigurationWorkflowInput): Promise<ConfigurationResult> {
    const id = configurationId(input.configuration)
    if (this.joining.has(id)) await condition(() => !this.joining.has(id))
    let unreplayed = 0
    for (;;) {
      this.said.delete(id)
      try {
        const child = await this.startInTurn(() =>
          startChild(configurationWorkflow, {
            workflowId: configurationWorkflowId(id),
            args: [input],
            parentClosePolicy: ParentClosePolicy.ABANDON,
          }),
        )
        return await child.result()
      } catch (error) {
        if (doesNotReplay(error) && ++unreplayed <= freshStarts) continue
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error
      }
      const result = await this.resultFor(input.studyId, id)
      if (result) return result
    }
  }

  /** Waits until a configuration in flight has ended, and gives its result if it ran for this study. */
  async resultFor(studyId: Digest, id: Digest): Promise<ConfigurationResult | undefined> {
    const result = await this.endOf(id)
    return result?.studyId === studyId ? result : undefined
  }

  /** Starts a child once the server has answered for the one that was asked for `startsAtOnce` before it. */
  private async startInTurn<Child>(start: () => Promise<Child>): Promise<Child> {
    if (!goesBy('starts-in-turn')) return start()
    const before = this.starts.length < startsAtOnce ? Promise.resolve() : this.starts.shift()!
    const started = before.then(start)
    this.starts.push(started.catch(() => undefined))
    return started
  }

  /**
   * Waits for a configuration that one of these studies has in flight, before it is run for this one, and gives the
   * seconds that it kept devices busy for that study.
   */
  async join(id: Digest, studyIds: readonly Digest[]): Promise<number> {
    const scope = new CancellationScope()
    this.joining.set(id, scope)
    try {
      const result = await scope.run(() => this.endOf(id))
      return result && studyIds.includes(result.studyId) ? result.deviceSeconds : 0
    } finally {
      this.joining.delete(id)
    }
  }

  /** The configurations that are still waited for by `join`. */
  get joined(): readonly Digest[] {
    return [...this.joining.keys()]
  }

  /** Whether a configuration that was asked has told something that nobody has taken yet. */
  get hasWords(): boolean {
    return [...this.asked].some((id) => this.said.has(id))
  }

  /** Stops the configurations that are waited for by `join`. */
  stopJoined(): void {
    for (const scope of this.joining.values()) scope.cancel()
  }

  /** Stops a configuration in flight if it is of `stoppable`, and waits until it has. */
  async stop(id: Digest): Promise<void> {
    if (this.stoppable.length === 0) return
    const stop = defineSignal<[studyIds: readonly Digest[], studyWorkflowId: string]>(stopSignal)
    this.said.delete(id)
    try {
      await getExternalWorkflowHandle(configurationWorkflowId(id)).signal(
        stop,
        this.stoppable,
        workflowInfo().workflowId,
      )
    } catch {
      return // It has ended meanwhile.
    }
    await condition(() => this.said.has(id), longestSilence)
    this.said.delete(id)
  }

  /**
   * Waits for the end of a configuration in flight; undefined where it says nothing, or has ended already. Where the
   * wait is cancelled, the configuration is stopped. It is asked even where it has told its end, as it has if an
   * earlier run asked it: a replay may bring that word sooner or later than it came, and must ask for the same.
   */
  private async endOf(id: Digest): Promise<ConfigurationResult | undefined> {
    const takesEarly = this.stoppable.length > 0
    const before = takesEarly && goesBy('asks-always') ? undefined : this.take(id)
    if (before && takesEarly) return before
    const wait = defineSignal<[studyWorkflowId: string]>(waitSignal)
    this.asked.add(id)
    try {
      await getExternalWorkflowHandle(configurationWorkflowId(id)).signal(wait, workflowInfo().workflowId)
      await condition(() => this.said.has(id), longestSilence)
      return this.take(id)
    } catch (error) {
      // It has ended meanwhile, maybe with a word for the earlier run.
      if (!isCancellation(error)) return takesEarly ? this.take(id) : undefined
      await CancellationScope.nonCancellable(() => this.stop(id))
      throw error
    } finally {
      this.asked.delete(id)
    }
  }

  /** The result that a configuration has told, which is forgotten; undefined where it has told none. */
  private take(id: Digest): ConfigurationResult | undefined {
    const result = this.said.get(id) ?? undefined
    this.said.delete(id)
    return result
  }
}

/** Whether a child failed because its history does not replay (TMPRL1100 of the SDK), and no stage did. */
function doesNotReplay(error: unknown): boolean {
  return error instanceof ChildWorkflowFailure && error.cause?.message.startsWith('[TMPRL1100]') === true
}
