import { ArtifactCorrupt, ArtifactMissing } from '@gauntlet/artifacts'
import { InvalidDataset } from '@gauntlet/datasets/invalid-dataset'
import { parseManifest } from '@gauntlet/datasets/manifest'
import { CoverageBroken, decodeOutcomes, OutcomesUnreadable, tally } from '@gauntlet/evaluation/outcomes'
import type { AuditedMeasurement } from '@gauntlet/ledger'
import { canonicalJson, type Digest, type Json, type Perturbation } from '@gauntlet/study'
import type { CountedOutcomes, Count } from './counted-outcomes.ts'
import { Links, type Level, type LevelContext } from './level.ts'
import type { StudyRecord } from './study-record.ts'
import { measurementSubject } from './subjects.ts'

/**
 * Every number is counted again from its outcomes, which have each test image of the manifest exactly once, and so are
 * its evaluator and its flags read again. Outcomes that were counted before on this machine, and whose bytes have not
 * changed since, are not counted again.
 */
export function numbersLevel(counted: CountedOutcomes): Level {
  return {
    name: 'numbers',
    claim: 'every number follows from its outcomes, which have each test image once',
    async check(record, context) {
      const links = new Links()
      const counting = new Counting(context, counted)
      const perturbations = new Map(record.grid.perturbations.map(({ key, document }) => [key, document]))
      let done = 0
      try {
        for (const measurement of record.measurements) {
          context.signal.throwIfAborted()
          const perturbation = perturbations.get(measurement.perturbationKey)!
          const problem = await problemOf(measurement, perturbation, record, counting)
          links.judge(measurementSubject(measurement, record), problem)
          context.report(++done, record.measurements.length)
        }
      } finally {
        counted.save()
      }
      return links.report()
    },
  }
}

async function problemOf(
  measurement: AuditedMeasurement,
  perturbation: Perturbation,
  { executions }: StudyRecord,
  counting: Counting,
): Promise<string | null> {
  const manifest = executions.get(measurement.stageKey)?.identity.inputs['manifest']
  if (manifest === undefined) return 'rests on no manifest'
  const count = await counting.count(measurement.outcomesDigest, manifest)
  if (typeof count === 'string') return count
  const { correct, total, facts } = count
  if (correct !== measurement.correct || total !== measurement.total)
    return `says ${measurement.correct} of ${measurement.total}, and its outcomes ${correct} of ${total}`
  const said = { evaluator: measurement.evaluator, flags: measurement.flags, ...measuredUnder(perturbation) }
  const other = Object.keys(said).find(
    (name) => canonicalJson(said[name as keyof typeof said]) !== canonicalJson(facts[name] ?? null),
  )
  return other ? `says another ${other} than its outcomes` : null
}

function measuredUnder(perturbation: Perturbation) {
  return { perturbation: perturbation.name, epsilon: 'epsilon' in perturbation ? perturbation.epsilon : null }
}

/** Counts outcomes against manifests, and gives a sentence where that cannot be done. */
class Counting {
  /** The digests of the test images of the last manifests. */
  readonly #expected = new Map<Digest, readonly Digest[] | string>()

  constructor(
    private readonly context: Pick<LevelContext, 'store' | 'again'>,
    private readonly counted: CountedOutcomes,
  ) {}

  async count(outcomes: Digest, manifest: Digest): Promise<Count | string> {
    const { store, again } = this.context
    const known = again ? undefined : this.counted.of(outcomes, manifest)
    if (known && (await store.verify(outcomes)) === 'intact' && (await store.verify(manifest)) === 'intact')
      return known
    const expected = await this.testImages(manifest)
    if (typeof expected === 'string') return expected
    const count = await explained('outcomes', outcomes, async () => {
      const { outcomes: judged, facts } = decodeOutcomes(await store.read(outcomes))
      const { perturbation, epsilon, evaluator, evidence } = facts
      const said = { perturbation, epsilon, evaluator, flags: evidence.flags as unknown as Json }
      return { ...tally(judged, expected), facts: said }
    })
    if (typeof count !== 'string') this.counted.add(outcomes, manifest, count)
    return count
  }

  private async testImages(manifest: Digest): Promise<readonly Digest[] | string> {
    const known = this.#expected.get(manifest)
    if (known !== undefined) return known
    const found = await explained('manifest', manifest, async () => {
      const { splits } = parseManifest(await this.context.store.read(manifest))
      return splits.test.map(({ digest }) => digest)
    })
    this.#expected.set(manifest, found)
    return found
  }
}

/** The result, or the sentence that says why bytes cannot be used. */
async function explained<Result>(role: string, digest: Digest, work: () => Promise<Result>): Promise<Result | string> {
  try {
    return await work()
  } catch (error) {
    const explainedBy = [ArtifactCorrupt, ArtifactMissing, InvalidDataset, CoverageBroken, OutcomesUnreadable]
    if (!explainedBy.some((type) => error instanceof type)) throw error
    return `cannot be counted again from ${role} ${digest}: ${(error as Error).message}`
  }
}
