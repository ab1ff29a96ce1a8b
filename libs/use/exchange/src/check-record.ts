import type { Fact, FactOf } from '@gauntlet/ledger'
import {
  canonicalJson,
  configurationId,
  digestOf,
  expandStudy,
  parseStudy,
  studyId,
  type Digest,
  type Json,
  type Expansion,
} from '@gauntlet/study'
import type { ExportFile } from './export-file.ts'

/** What a record was found to have. */
export interface CheckedRecord {
  readonly study: FactOf<'study'>
  /** What the study consists of by its file: that too which the record withholds. */
  readonly grid: Expansion
  readonly facts: number
  readonly withheld: number
  readonly measurements: number
  /** Every artifact that a stage of it used or generated, code included, with its size in bytes where that is said. */
  readonly artifacts: ReadonlyMap<Digest, number | null>
  /** The numbers that say they were counted from an artifact. */
  readonly countedFrom: ReadonlyMap<Digest, readonly FactOf<'measurement'>[]>
}

/** An evaluation of a record: what it made, and by its key under what. */
interface Evaluation {
  readonly outcomes: Digest
  /** Null where another version of Gauntlet named the parameters. */
  readonly perturbation: Digest | null
}

/**
 * Reads a whole record and checks that it holds together: its root is the sealed one, its study file says that it is
 * this study with these configurations, every fulfilment has the inputs of its key, and every number is of a cell of
 * the study and was counted from outcomes that an evaluation of it made. `onFact` gets each disclosed fact, of which
 * only the end of the record tells whether the seal covers it. Throws `ExportInvalid`.
 */
export async function checkRecord(
  opened: ExportFile,
  onProgress: (facts: number) => void = () => undefined,
  onFact: (fact: Fact) => Promise<unknown> = () => Promise.resolve(),
): Promise<CheckedRecord> {
  const check = new RecordCheck((wrong) => opened.refuses(wrong), opened.sealed.seal.study)
  for await (const { fact } of opened.lines()) {
    check.add(fact)
    if (fact) await onFact(fact)
    if (check.facts % 1000 === 0) onProgress(check.facts)
  }
  check.requireCounts(opened.sealed.seal.facts)
  return check.result()
}

class RecordCheck {
  facts = 0
  #withheld = 0
  readonly #counts: Record<string, number> = {}
  #measurements = 0
  #study: FactOf<'study'> | null = null
  #expansion: Expansion | null = null
  /** The ids of the study's configurations, and the keys of its perturbations. */
  #cells: ReadonlySet<Digest> = new Set()
  readonly #artifacts = new Map<Digest, number | null>()
  readonly #evaluations = new Map<Digest, Evaluation>()
  readonly #countedFrom = new Map<Digest, FactOf<'measurement'>[]>()
  #execution: FactOf<'execution'> | null = null

  constructor(
    private readonly refuse: (wrong: string) => never,
    private readonly sealed: { readonly id: Digest; readonly name: string },
  ) {}

  add(fact: Fact | null): void {
    this.facts++
    if (fact === null) {
      this.#withheld++
      return
    }
    this.#counts[fact.kind] = (this.#counts[fact.kind] ?? 0) + 1
    if ((fact.kind === 'study') !== (this.facts === 1)) this.refuse('its record does not begin with the study')
    if (fact.kind === 'study') this.#addStudy(fact)
    if (fact.kind === 'configuration' && fact.position !== null) this.#requireConfiguration(fact.position, fact.id)
    if (fact.kind === 'perturbation') this.#requirePerturbation(fact)
    if (fact.kind === 'exclusion') this.#requireExclusion(fact)
    if (fact.kind === 'execution') this.#execution = fact
    if (fact.kind === 'fulfilment') this.#addFulfilment(fact)
    if (fact.kind === 'measurement') this.#addMeasurement(fact)
  }

  /** What the seal says of its record, such as that it had no measurement yet, must be so. */
  requireCounts(sealed: Readonly<Record<string, number>>): void {
    const all = Object.values(sealed).reduce((sum, count) => sum + count, 0)
    const tooMany = Object.entries(this.#counts).some(([kind, count]) => count > (sealed[kind] ?? 0))
    if (all !== this.facts || tooMany) this.refuse('its seal counts other facts than its record has')
  }

  result(): CheckedRecord {
    return {
      study: this.#study!,
      grid: this.#expansion!,
      facts: this.facts,
      withheld: this.#withheld,
      measurements: this.#measurements,
      artifacts: this.#artifacts,
      countedFrom: this.#countedFrom,
    }
  }

  #addStudy(fact: FactOf<'study'>): void {
    this.#study = fact
    if (fact.id !== this.sealed.id) this.refuse('its record is of another study than its seal')
    try {
      const study = parseStudy(fact.file, `${fact.name}.study.yaml`)
      if (studyId(study) !== fact.id) this.refuse('its study file is that of another study')
      if (study.name !== fact.name || study.name !== this.sealed.name) this.refuse('it has more than one name')
      this.#expansion = expandStudy(study)
      const { configurations, perturbations } = this.#expansion
      this.#cells = new Set([...configurations.map(configurationId), ...perturbations.map(digestOf)])
    } catch (error) {
      this.refuse(
        `its study file cannot be read (${error instanceof Error ? error.message.split('\n')[0] : String(error)})`,
      )
    }
  }

  #requireConfiguration(position: number, id: Digest): void {
    const expected = this.#expansion!.configurations[position]
    if (!expected || configurationId(expected) !== id)
      this.refuse(`its configuration ${id} is not number ${position + 1} of its study file`)
  }

  #requirePerturbation({ position, key }: FactOf<'perturbation'>): void {
    const expected = this.#expansion!.perturbations[position]
    if (!expected || digestOf(expected) !== key)
      this.refuse(`its perturbation ${key} is not number ${position + 1} of its study file`)
  }

  #requireExclusion({ position, cell, reason }: FactOf<'exclusion'>): void {
    const expected = this.#expansion!.exclusions[position]
    if (
      canonicalJson({ cell, reason }) !==
      (expected && canonicalJson({ cell: { ...expected.cell }, reason: expected.reason }))
    )
      this.refuse(`its exclusion ${position + 1} is not the one of its study file`)
  }

  #addFulfilment({ stageKey, used, generated }: FactOf<'fulfilment'>): void {
    const execution = this.#execution
    if (execution?.stageKey !== stageKey) return this.refuse(`its fulfilment ${stageKey} is of no stage`)
    for (const [role, digest] of Object.entries(execution.inputs))
      if (used[role]?.digest !== digest) this.refuse(`its stage ${stageKey} used another ${role} than its key names`)
    if (!this.#artifacts.has(execution.codeDigest)) this.#artifacts.set(execution.codeDigest, null)
    for (const { digest, size } of [...Object.values(used), ...Object.values(generated)]) {
      if ((this.#artifacts.get(digest) ?? size) !== size) this.refuse(`its artifact ${digest} has two sizes`)
      this.#artifacts.set(digest, size)
    }
    const outcomes = generated['outcomes']?.digest
    if (execution.stage !== 'perturb-and-evaluate' || !outcomes) return
    const { perturbation = null } = execution.parameters as { readonly perturbation?: Json }
    this.#evaluations.set(stageKey, { outcomes, perturbation: perturbation === null ? null : digestOf(perturbation) })
  }

  #addMeasurement(measurement: FactOf<'measurement'>): void {
    const {
      id,
      stageKey,
      configurationId: configuration,
      perturbationKey,
      outcomesDigest,
      correct,
      total,
    } = measurement
    this.#measurements++
    const evaluation = this.#evaluations.get(stageKey)
    if (evaluation?.outcomes !== outcomesDigest)
      this.refuse(`its measurement ${id} was counted from outcomes that no evaluation in it made`)
    if (!this.#cells.has(configuration) || !this.#cells.has(perturbationKey))
      this.refuse(`its measurement ${id} is of no cell of its study`)
    if ((evaluation.perturbation ?? perturbationKey) !== perturbationKey)
      this.refuse(`its measurement ${id} is of another perturbation than its evaluation`)
    if (correct > total) this.refuse(`its measurement ${id} counts ${correct} of ${total} as correct`)
    const others = this.#countedFrom.get(outcomesDigest)
    if (others) others.push(measurement)
    else this.#countedFrom.set(outcomesDigest, [measurement])
  }
}
