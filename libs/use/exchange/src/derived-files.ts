import type { ZipSource } from '@gauntlet/files'
import type { Fact, FactOf } from '@gauntlet/ledger'
import type { Digest } from '@gauntlet/study'
import { studyPath } from './crate-document.ts'
import { ProvDocument } from './prov-document.ts'
import { StageGrouper, type StageGroup } from './stage-group.ts'
import { openTables } from './tables.ts'

/**
 * The files of an export that are made of its disclosed facts and of nothing else: the study file, the tables and the
 * lineage. Whoever has the record can make them again, and so knows whether those of an archive are of it.
 */
export class DerivedFiles {
  numbers = 0
  readonly #tables: ReturnType<typeof openTables>
  readonly #prov: ProvDocument
  readonly #grouper = new StageGrouper()
  readonly #configurations = new Map<Digest, FactOf<'configuration'>['document']>()
  readonly #perturbations = new Map<Digest, FactOf<'perturbation'>['document']>()
  /** Code and environment of each evaluation. */
  readonly #evaluations = new Map<Digest, Pick<FactOf<'execution'>, 'codeDigest' | 'environmentClass'>>()
  #studyFile = ''

  constructor(folder: string) {
    this.#tables = openTables(folder)
    this.#prov = new ProvDocument(folder)
  }

  /** Takes the next fact of the record, and gives the stage that ended before it. */
  async add(fact: Fact): Promise<StageGroup | undefined> {
    const ended = this.#grouper.add(fact)
    if (ended) await this.#addStage(ended)
    if (fact.kind === 'study') this.#studyFile = fact.file
    if (fact.kind === 'configuration') this.#configurations.set(fact.id, fact.document)
    if (fact.kind === 'perturbation') this.#perturbations.set(fact.key, fact.document)
    if (fact.kind === 'measurement') await this.#addMeasurement(fact)
    return ended
  }

  /** Closes the files behind the last fact, and gives the stage that it ended. */
  async close(): Promise<StageGroup | undefined> {
    const last = this.#grouper.end()
    if (last) await this.#addStage(last)
    for (const table of Object.values(this.#tables)) await table.close()
    this.#prov.close()
    return last
  }

  members(): ZipSource[] {
    return [
      { name: studyPath, content: Buffer.from(this.#studyFile) },
      ...Object.values(this.#tables).flatMap((table) => table.members()),
      this.#prov.member(),
    ]
  }

  async #addStage(group: StageGroup): Promise<void> {
    const { execution, fulfilment, attempts } = group
    const { stageKey, stage, codeDigest, environmentClass } = execution
    if (stage === 'perturb-and-evaluate') this.#evaluations.set(stageKey, { codeDigest, environmentClass })
    this.#prov.addStage(group)
    await this.#tables.stages.add({ execution, fulfilledAt: fulfilment?.fulfilledAt ?? null })
    for (const attempt of attempts) await this.#tables.attempts.add(attempt)
    for (const direction of ['used', 'generated'] as const)
      for (const [role, artifact] of Object.entries(fulfilment?.[direction] ?? {}))
        await this.#tables.lineage.add({ stageKey, direction, role, ...artifact })
  }

  async #addMeasurement(measurement: FactOf<'measurement'>): Promise<void> {
    this.numbers++
    await this.#tables.measurements.add({
      measurement,
      configuration: this.#configurations.get(measurement.configurationId)!,
      perturbation: this.#perturbations.get(measurement.perturbationKey)!,
      ...this.#evaluations.get(measurement.stageKey)!,
    })
  }
}
