import type { Fact, FactOf } from '@gauntlet/ledger'
import {
  canonicalJson,
  configurationId,
  digestOf,
  expandStudy,
  parseStudy,
  studyId,
  type Digest,
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
  /** Every artifact that a stage of it used or generated, code included. */
  readonly artifacts: ReadonlySet<Digest>
}

/**
 * Reads a whole record and checks that it holds together: its root is the sealed one, its study file says that it is
 * this study with these configurations, every fulfilment has the inputs of its key, and every number was counted from
 * outcomes that an evaluation in it made. Throws `ExportInvalid`.
 */
export async function checkRecord(
  opened: ExportFile,
  onProgress: (facts: number) => void = () => undefined,
): Promise<CheckedRecord> {
  const check = new RecordCheck((wrong) => opened.refuses(wrong), opened.sealed.seal.study)
  for await (const { fact } of opened.lines()) {
    check.add(fact)
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
  readonly #artifacts = new Set<Digest>()
  readonly #outcomes = new Map<Digest, Digest>()
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
    this.#artifacts.add(execution.codeDigest)
    for (const { digest } of [...Object.values(used), ...Object.values(generated)]) this.#artifacts.add(digest)
    if (execution.stage === 'perturb-and-evaluate' && generated['outcomes'])
      this.#outcomes.set(stageKey, generated['outcomes'].digest)
  }

  #addMeasurement({ id, stageKey, outcomesDigest, correct, total }: FactOf<'measurement'>): void {
    this.#measurements++
    if (this.#outcomes.get(stageKey) !== outcomesDigest)
      this.refuse(`its measurement ${id} was counted from outcomes that no evaluation in it made`)
    if (correct > total) this.refuse(`its measurement ${id} counts ${correct} of ${total} as correct`)
  }
}
