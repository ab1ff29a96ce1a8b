import type { ArtifactStore } from '@gauntlet/artifacts'
import type { LedgerActivities } from '@gauntlet/contract'
import { decodeOutcomes } from '@gauntlet/evaluation/outcomes'
import type { LedgerDatabase } from '@gauntlet/ledger'
import {
  insertNumbers,
  insertStages,
  type SimulatedNumber,
  type SimulatedStage,
} from '@gauntlet/ledger/fixtures/planned-ledger'
import { digestOfBytes, stageKey, type Digest, type Json } from '@gauntlet/study'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * A store that writes small files at once, without the care that survives a crash of the machine: what waits for disks
 * and other processes takes most of the time of filling a ledger with invented bytes.
 */
export function hastyStore(store: ArtifactStore, folder: string): ArtifactStore {
  const stored = new Map<Digest, Uint8Array>()
  const put: ArtifactStore['put'] = (bytes, mediaType) => {
    const digest = digestOfBytes(bytes)
    if (!stored.has(digest)) {
      const place = join(folder, 'sha256', digest.slice(0, 2))
      mkdirSync(place, { recursive: true })
      if (!existsSync(join(place, digest))) writeFileSync(join(place, digest), bytes, { mode: 0o444 })
      stored.set(digest, bytes)
    }
    return Promise.resolve({ digest, size: bytes.byteLength, mediaType })
  }
  const read: ArtifactStore['read'] = (artifact) => {
    const bytes = stored.get(typeof artifact === 'string' ? artifact : artifact.digest)
    return bytes ? Promise.resolve(bytes) : store.read(artifact)
  }
  return Object.assign(Object.create(store) as ArtifactStore, { put, read })
}

/** Stages that are written at a time. */
const stagesPerPart = 10_000

/**
 * What fills a ledger as the activities of the ledger worker do, and writes the same rows thousands at a time: a
 * hundred thousand numbers in minutes instead of an hour. `flush` writes what is left.
 */
export class BulkActivities {
  private readonly stages: (SimulatedStage & { readonly environment: Json })[] = []
  private readonly numbers: SimulatedNumber[] = []
  private writing: Promise<void> = Promise.resolve()

  constructor(
    private readonly db: LedgerDatabase,
    private readonly store: ArtifactStore,
  ) {}

  readonly beginStage: LedgerActivities['beginStage'] = () => Promise.resolve(null)

  readonly fulfil: LedgerActivities['fulfil'] = async ({ identity, configurationId, environment, used, result }) => {
    const { generated } = result
    this.stages.push({ stageKey: stageKey(identity), identity, configurationId, environment, used, generated })
    return { generated }
  }

  readonly aggregate: LedgerActivities['aggregate'] = async ({ configuration, evaluated }) => {
    for (const { perturbation, stageKey: key, outcomes } of evaluated) {
      const judged = decodeOutcomes(await this.store.read(outcomes)).outcomes
      const correct = judged.filter(({ held }) => held).length
      const counted = { stageKey: key, outcomesDigest: outcomes.digest, correct, total: judged.length, flags: [] }
      this.numbers.push({ configuration, perturbation, ...counted })
    }
    // Everything of this configuration is there, so that a part always has the stages of its numbers.
    if (this.stages.length >= stagesPerPart) await this.flush()
    return []
  }

  flush(): Promise<void> {
    this.writing = this.writing.then(() => this.write())
    return this.writing
  }

  private async write(): Promise<void> {
    const [stages, numbers] = [this.stages.splice(0), this.numbers.splice(0)]
    for (const environment of new Set(stages.map((stage) => JSON.stringify(stage.environment)))) {
      const own = stages.filter((stage) => JSON.stringify(stage.environment) === environment)
      await insertStages(this.db, own, JSON.parse(environment) as Json, new Date().toISOString())
    }
    await insertNumbers(this.db, numbers)
  }
}
