import {
  pretrainLoadInputOf,
  stageCodesOf,
  type SharedOutputs,
  type StageCode,
  type WorkerDescription,
} from '@gauntlet/contract'
import type { ArtifactsByRole, Configuration, Perturbation } from '@gauntlet/study'
import { describePlace, type StagePlace } from './gpu-pool.ts'
import { ledger } from './ledger.ts'
import { stageFailureOf } from './stage-failure.ts'
import type { StageMemory, StageOutputs } from './stage-runner.ts'
import { stagesOn } from './stages.ts'

/** What shared stages generated, by what they are about; null where one failed. */
export type SharedStages = Map<string, Promise<ArtifactsByRole | null>>

/**
 * The stages that configurations of a study have in common. The study runs them once, so that configurations that start
 * together do not all run them.
 */
export class StudyStages {
  private described: Promise<WorkerDescription> | undefined
  private inFlight = 0

  /**
   * `codes`: of all stages of the study, so that what the ledger keeps of the pool serves whoever plans it. `done` and
   * `memory`: what the study has done and attempted, also for its other pools, which need the same images and weights.
   */
  constructor(
    private readonly place: StagePlace,
    private readonly codes: readonly StageCode[],
    private readonly perturbations: readonly Perturbation[],
    private readonly done: SharedStages,
    private readonly memory: StageMemory,
  ) {}

  /** The description of the pool's workers, which the ledger records for those who cannot ask. */
  describe(): Promise<WorkerDescription> {
    if (this.described) return this.described
    const asked = this.askAndRecord()
    this.described = asked
    asked.catch(() => {
      if (this.described === asked) this.described = undefined // a pause stops the question, too
    })
    return asked
  }

  /** Forgets the description and what was keyed by it: the workers have changed. */
  forget(): void {
    this.described = undefined
    this.done.clear()
  }

  /** Whether no stage runs that configurations share. */
  isIdle(): boolean {
    return this.inFlight === 0
  }

  /**
   * Runs the stages that this configuration shares with others, unless the study has run them. Undefined where one
   * failed: the configuration meets the same failure in its own run and reports it.
   */
  async outputsFor(configuration: Configuration): Promise<SharedOutputs | undefined> {
    const { dataset } = configuration
    const weights = pretrainLoadInputOf(configuration)
    const description = await this.describe()
    const stages = stagesOn(this.place, description, this.memory)
    const prepared = this.once(`dataset ${JSON.stringify(dataset)}`, () => stages.prepareDataset(dataset))
    const loaded = this.once(`weights ${JSON.stringify(weights)}`, () => stages.pretrainLoad(weights))
    const [images, pretrained] = await Promise.all([prepared, loaded])
    if (!images || !pretrained) return undefined
    return {
      worker: ofCodes(description, stageCodesOf([configuration], this.perturbations)),
      dataset: images,
      pretrained,
    }
  }

  private async askAndRecord(): Promise<WorkerDescription> {
    const description = await describePlace(this.place, this.codes)
    await ledger.recordPool({ pool: this.place.pool, description })
    return description
  }

  /** What a shared stage generated, or null where it failed. */
  private once(name: string, run: () => Promise<StageOutputs>): Promise<ArtifactsByRole | null> {
    const known = this.done.get(name)
    if (known) return known
    const running = this.generatedOrNull(run)
    this.done.set(name, running)
    running.catch(() => this.done.delete(name)) // so that it is run again after a pause that stopped it
    return running
  }

  private async generatedOrNull(run: () => Promise<StageOutputs>): Promise<ArtifactsByRole | null> {
    this.inFlight += 1
    try {
      return (await run()).generated
    } catch (error) {
      if (stageFailureOf(error).failureClass === 'WorkerChanged') this.forget()
      return null
    } finally {
      this.inFlight -= 1
    }
  }
}

/** The description with the digests of these codes alone, which a configuration needs. */
function ofCodes(description: WorkerDescription, codes: readonly StageCode[]): WorkerDescription {
  const digests = codes.flatMap((code) => {
    const digest = description.codeDigests[code]
    return digest ? [[code, digest] as const] : []
  })
  return { ...description, codeDigests: Object.fromEntries(digests) }
}
