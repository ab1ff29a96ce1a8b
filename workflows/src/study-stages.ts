import type { StageCode } from '@gauntlet/contract'
import type { Configuration } from '@gauntlet/study'
import { ApplicationFailure, patched } from '@temporalio/workflow'
import { stageFailureOf } from './stage-failure.ts'
import { askPool, ledger } from './stage-runner.ts'
import { stagesOn } from './stages.ts'

type Stages = ReturnType<typeof stagesOn>

/**
 * The stages that configurations of a study have in common. The study runs them once, so that configurations that start
 * together do not all run them.
 */
export class StudyStages {
  private stages: Promise<Stages> | undefined
  private readonly done = new Map<string, Promise<void>>()

  /** `codes`: of all stages of the study, so that what the ledger keeps of the pool serves whoever plans it. */
  constructor(
    private readonly pool: string,
    private readonly codes: () => readonly StageCode[],
  ) {}

  /**
   * Runs the stages that this configuration shares with others, unless the study has run them. A failure is not thrown:
   * the configuration meets the same failure in its own run and reports it.
   */
  async runFor({ dataset, backbone }: Configuration): Promise<void> {
    await this.once(`dataset ${JSON.stringify(dataset)}`, ({ prepareDataset }) => prepareDataset(dataset))
    await this.once(`backbone ${JSON.stringify(backbone)}`, ({ pretrainLoad }) => pretrainLoad(backbone))
  }

  /** Asks the pool for the description of its workers, and has the ledger record it for those who cannot ask. */
  private async describePool(): Promise<Stages> {
    const description = await askPool(this.pool, this.codes())
    if (patched('record-pool')) await ledger.recordPool({ pool: this.pool, description })
    return stagesOn(this.pool, description)
  }

  private once(key: string, work: (stages: Stages) => Promise<unknown>): Promise<void> {
    const known = this.done.get(key)
    if (known) return known
    const running = this.run(key, work)
    this.done.set(key, running)
    return running
  }

  private async run(key: string, work: (stages: Stages) => Promise<unknown>): Promise<void> {
    this.stages ??= this.describePool()
    try {
      await work(await this.stages)
    } catch (error) {
      if (!(error instanceof ApplicationFailure)) throw error
      if (stageFailureOf(error).failureClass !== 'WorkerChanged') return
      // The pool's workers have changed: the next configuration asks them again.
      this.stages = undefined
      this.done.delete(key)
    }
  }
}
