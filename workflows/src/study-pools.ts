import type {
  ConfigurationWorkflowInput,
  ListedConfiguration,
  StudyOutline,
  StudyWorkflowInput,
  WorkerDescription,
} from '@gauntlet/contract'
import type { StagePlace } from './gpu-pool.ts'
import { newMemory } from './stage-runner.ts'
import { StudyStages, type SharedStages } from './study-stages.ts'

/** The pools that serve a study, and the stages that configurations in one pool share. */
export class StudyPools {
  private readonly stages: ReadonlyMap<string, StudyStages>
  private readonly input: StudyWorkflowInput
  private readonly memory = newMemory()

  constructor(input: StudyWorkflowInput, { codes, perturbations }: StudyOutline) {
    this.input = input
    const names = input.declared?.pools ?? [input.pool]
    const done: SharedStages = new Map()
    const stagesOf = (name: string) => new StudyStages(this.stagePlace(name), codes, perturbations, done, this.memory)
    this.stages = new Map(names.map((name) => [name, stagesOf(name)]))
  }

  /** What is asked for beside configurations that were tried before. */
  get asksPlaces(): { readonly placed?: true } {
    return this.input.declared ? { placed: true } : {}
  }

  /** The workers by which the study finds out what is known: of its pool, or of each declared one. */
  async describe(): Promise<{
    readonly worker: WorkerDescription
    readonly pools?: Readonly<Record<string, WorkerDescription>>
  }> {
    const described = await Promise.all(
      [...this.stages].map(async ([name, stages]) => [name, await stages.describe()] as const),
    )
    const worker = described[0]![1]
    return this.input.declared ? { worker, pools: Object.fromEntries(described) } : { worker }
  }

  /** The shared stages of the pool in which a configuration runs. */
  of(listed: ListedConfiguration): StudyStages {
    return this.stages.get(this.poolOf(listed))!
  }

  /** Whether no stage runs that configurations share. */
  areIdle(): boolean {
    return [...this.stages.values()].every((stages) => stages.isIdle())
  }

  /** Seconds that attempts at shared stages kept devices busy since this was last asked. */
  takeSeconds(): number {
    const { deviceSeconds } = this.memory
    this.memory.deviceSeconds = 0
    return deviceSeconds
  }

  /** Where a configuration runs, as its workflow is told. */
  placeOf(listed: ListedConfiguration): Pick<ConfigurationWorkflowInput, 'pool' | 'fetch' | 'weight'> {
    const { fetch, share } = this.stagePlace(this.poolOf(listed))
    return { pool: this.poolOf(listed), ...(fetch ? { fetch } : {}), ...(share ? { weight: share.weight } : {}) }
  }

  /** A configuration that was placed in a pool which serves the study no more runs in the first one. */
  private poolOf({ pool }: ListedConfiguration): string {
    const first = this.input.declared?.pools[0] ?? this.input.pool
    return pool !== undefined && this.stages.has(pool) ? pool : first
  }

  private stagePlace(pool: string): StagePlace {
    const { studyId, declared, weight } = this.input
    return { pool, ...(declared ? { fetch: declared.fetch } : {}), ...(weight ? { share: { studyId, weight } } : {}) }
  }
}
