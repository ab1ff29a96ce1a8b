import {
  configurationWorkflowId,
  endedSignal,
  waitSignal,
  type ConfigurationResult,
  type ConfigurationWorkflowInput,
} from '@gauntlet/contract'
import { configurationId, type Digest } from '@gauntlet/study'
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common'
import {
  ChildWorkflowFailure,
  defineSignal,
  getExternalWorkflowHandle,
  isCancellation,
  ParentClosePolicy,
  patched,
  setHandler,
  startChild,
  workflowInfo,
} from '@temporalio/workflow'
import { configuration as configurationWorkflow } from './configuration.ts'
import { condition } from './one-by-one.ts'

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
  private readonly ended = new Map<Digest, ConfigurationResult>()
  private readonly joining = new Set<Digest>()
  /** The last starts that the server was asked for, at most `startsAtOnce`. */
  private readonly starts: Promise<unknown>[] = []

  constructor() {
    setHandler(defineSignal<[ConfigurationResult]>(endedSignal), (result) => {
      this.ended.set(result.configurationId, result)
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
      const result = await this.endOf(id)
      if (result?.studyId === input.studyId) return result
    }
  }

  /** Starts a child once the server has answered for the one that was asked for `startsAtOnce` before it. */
  private async startInTurn<Child>(start: () => Promise<Child>): Promise<Child> {
    if (!patched('starts-in-turn')) return start()
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
    this.joining.add(id)
    try {
      const result = await this.endOf(id)
      return result && studyIds.includes(result.studyId) ? result.deviceSeconds : 0
    } finally {
      this.joining.delete(id)
    }
  }

  /** The configurations that are still waited for by `join`. */
  get joined(): readonly Digest[] {
    return [...this.joining]
  }

  /** Waits for the end of a configuration in flight; undefined where it says nothing, or has ended already. */
  private async endOf(id: Digest): Promise<ConfigurationResult | undefined> {
    this.ended.delete(id)
    const wait = defineSignal<[studyWorkflowId: string]>(waitSignal)
    try {
      await getExternalWorkflowHandle(configurationWorkflowId(id)).signal(wait, workflowInfo().workflowId)
    } catch (error) {
      if (isCancellation(error)) throw error
      return undefined // It has ended between the two.
    }
    await condition(() => this.ended.has(id), longestSilence)
    const result = this.ended.get(id)
    this.ended.delete(id)
    return result
  }
}

/** Whether a child was ended by hand, and not by its own failure. */
export function wasEndedByHand({ cause }: ChildWorkflowFailure): boolean {
  return isCancellation(cause) || cause?.name === 'TerminatedFailure'
}

/** Whether a child failed because its history does not replay (TMPRL1100 of the SDK), and no stage did. */
function doesNotReplay(error: unknown): boolean {
  return error instanceof ChildWorkflowFailure && error.cause?.message.startsWith('[TMPRL1100]') === true
}
