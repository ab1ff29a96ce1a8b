import type { Configuration } from '@gauntlet/study'
import { ApplicationFailure } from '@temporalio/workflow'
import { stageFailureOf } from './stage-failure.ts'
import { describeWorker } from './stage-runner.ts'
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

  private once(key: string, work: (stages: Stages) => Promise<unknown>): Promise<void> {
    const known = this.done.get(key)
    if (known) return known
    const trying = this.attempt(key, work)
    this.done.set(key, trying)
    return trying
  }

  private async attempt(key: string, work: (stages: Stages) => Promise<unknown>): Promise<void> {
    this.stages ??= describeWorker(this.pool).then((worker) => stagesOn(this.pool, worker))
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
