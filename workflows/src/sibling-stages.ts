import type { Configuration } from '@gauntlet/study'
import { ApplicationFailure, patched } from '@temporalio/workflow'
import { stageFailureOf } from './stage-failure.ts'
import { askPool, ledger } from './stage-runner.ts'
import { stagesOn } from './stages.ts'

type Stages = ReturnType<typeof stagesOn>

/** The stages that configurations of a study have in common, so that siblings started together do not all do them. */
export class SharedStages {
  private stages: Promise<Stages> | undefined
  private readonly done = new Map<string, Promise<void>>()

  constructor(private readonly pool: string) {}

  /**
   * Does once what this configuration shares with others. A failure is the children's to report: they meet it again,
   * recorded.
   */
  async doFor({ dataset, backbone }: Configuration): Promise<void> {
    await this.once(`dataset ${JSON.stringify(dataset)}`, ({ prepareDataset }) => prepareDataset(dataset))
    await this.once(`backbone ${JSON.stringify(backbone)}`, ({ pretrainLoad }) => pretrainLoad(backbone))
  }

  /** Asks the pool's workers what they are, and has the ledger keep it for those who cannot ask. */
  private async describe(): Promise<Stages> {
    const description = await askPool(this.pool)
    if (patched('record-pool')) await ledger.recordPool({ pool: this.pool, description })
    return stagesOn(this.pool, description)
  }

  private once(key: string, work: (stages: Stages) => Promise<unknown>): Promise<void> {
    const known = this.done.get(key)
    if (known) return known
    const trying = this.attempt(key, work)
    this.done.set(key, trying)
    return trying
  }

  private async attempt(key: string, work: (stages: Stages) => Promise<unknown>): Promise<void> {
    this.stages ??= this.describe()
    try {
      await work(await this.stages)
    } catch (error) {
      if (!(error instanceof ApplicationFailure)) throw error
      if (stageFailureOf(error).failureClass !== 'WorkerChanged') return
      // The pool's workers have changed: who shares this next asks them again.
      this.stages = undefined
      this.done.delete(key)
    }
  }
}
