import { findStudy, searchLedger, studyEvidence, type LedgerDatabase } from '@gauntlet/ledger'
import { configurationLabel, perturbationLabel, type Digest } from '@gauntlet/study'

/** A number of one side of a comparison. */
export interface DiffNumber {
  readonly row: number
  /** Dataset, backbone, loss, protocol and seed. */
  readonly configuration: string
  /** The name of the perturbation, and its radius where it has one. */
  readonly perturbation: string
  readonly perturbationName: string
  readonly measurementId: Digest
  readonly stageKey: Digest
  readonly outcomesDigest: Digest
  readonly correct: number
  readonly total: number
}

/** What is compared: a study, a configuration or one number. */
export interface DiffSide {
  /** As the user named it. */
  readonly name: string
  /** What the name stands for. */
  readonly kind: 'study' | 'row' | 'configuration' | 'measurement'
  /** The number of each cell that was confirmed last. */
  readonly numbers: readonly DiffNumber[]
}

/** Nothing in the ledger is called so, or several things are. A retry does not help; the message does. */
export class DiffSubjectUnknown extends Error {
  override readonly name = 'DiffSubjectUnknown'
}

/**
 * Finds what a name stands for: `<study>`, `<study>:<row>`, or the beginning of the id of a measurement or of a
 * configuration. Throws `DiffSubjectUnknown` and `StudyUnknown`.
 */
export async function readSide(db: LedgerDatabase, name: string): Promise<DiffSide> {
  const [, study, row] = /^(.+):(\d{1,9})$/.exec(name) ?? []
  if (study && row) return { name, kind: 'row', numbers: [await numberAt(db, study, Number(row))] }
  if (/^[0-9a-f]{8,64}$/.test(name)) {
    const found = await sideOfDigest(db, name)
    if (found) return found
  }
  return { name, kind: 'study', numbers: await latestNumbers(db, (await findStudy(db, name)).id) }
}

async function numberAt(db: LedgerDatabase, study: string, row: number): Promise<DiffNumber> {
  const numbers = await latestNumbers(db, study)
  const found = numbers.find((number) => number.row === row)
  if (!found) throw new DiffSubjectUnknown(`Row ${row} of ${study} has no number; see npx gauntlet results ${study}.`)
  return found
}

async function sideOfDigest(db: LedgerDatabase, name: string): Promise<DiffSide | null> {
  const hits = (await searchLedger(db, name)).filter(({ kind }) => kind === 'measurement' || kind === 'configuration')
  const digests = new Set(hits.map(({ digest }) => digest))
  if (digests.size > 1) throw new DiffSubjectUnknown(`${name} begins several ids; give more digits.`)
  const [hit] = hits
  if (!hit) return null
  if (hit.kind === 'measurement') {
    const all = await everyNumber(db, hit.studyId)
    return { name, kind: hit.kind, numbers: all.filter(({ measurementId }) => measurementId === hit.digest) }
  }
  const numbers = await latestNumbers(db, hit.studyId)
  const own = numbers.find(({ row }) => row >= hit.row!)?.configuration
  return { name, kind: 'configuration', numbers: numbers.filter(({ configuration }) => configuration === own) }
}

async function latestNumbers(db: LedgerDatabase, study: string): Promise<DiffNumber[]> {
  const latest = new Map<number, DiffNumber>()
  for (const number of await everyNumber(db, study)) if (!latest.has(number.row)) latest.set(number.row, number)
  return [...latest.values()].sort((a, b) => a.row - b.row)
}

/** Every number of a study, the one confirmed last first. */
async function everyNumber(db: LedgerDatabase, study: string): Promise<DiffNumber[]> {
  const { configurations, perturbations, measurements } = await studyEvidence(db, study)
  const configurationsById = new Map(configurations.map((each) => [each.id, each]))
  const perturbationsByKey = new Map(perturbations.map((each, place) => [each.key, { ...each, place }]))
  return measurements.map(({ configurationId, perturbationKey, ...number }) => {
    const { position, configuration } = configurationsById.get(configurationId)!
    const { place, perturbation } = perturbationsByKey.get(perturbationKey)!
    return {
      row: position * perturbations.length + place + 1,
      configuration: configurationLabel(configuration),
      perturbation: perturbationLabel(perturbation).split(' (')[0]!,
      perturbationName: perturbation.name,
      measurementId: number.measurementId,
      stageKey: number.stageKey,
      outcomesDigest: number.outcomesDigest,
      correct: number.correct,
      total: number.total,
    }
  })
}
