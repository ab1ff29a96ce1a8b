import { priceStudy, type KeptSpeed, type StudyPrice } from '@gauntlet/client'
import type { PlannedStage } from '@gauntlet/contract'
import {
  citingSeals,
  doubtReach,
  environmentsOf,
  measuredAttempts,
  type CitingSeal,
  type DoubtReach,
  type LedgerDatabase,
} from '@gauntlet/ledger'
import type { Digest } from '@gauntlet/study'

/** The numbers of one study's table that rest on doubted bytes. */
export interface DoubtedTable {
  readonly study: { readonly id: Digest; readonly name: string }
  readonly rows: readonly number[]
  /** The protocols of which a ranking contains such a number. */
  readonly protocols: readonly string[]
}

/** What a doubt about some bytes concerns, and what it costs to do it again. */
export interface DoubtReport {
  readonly digest: Digest
  readonly roles: readonly string[]
  /** Numbers, each once however many tables have it. */
  readonly numbers: number
  readonly stages: number
  readonly tables: readonly DoubtedTable[]
  /** The seals that cover such numbers, and so what was exported under them; the last one first. */
  readonly seals: readonly CitingSeal[]
  readonly price: StudyPrice
}

/** Finds every number, table and ranking that rests on these bytes, and prices the stages behind them. */
export async function reportDoubt(
  db: LedgerDatabase,
  digest: Digest,
  speedsOf: (environmentClass: Digest) => readonly KeptSpeed[],
): Promise<DoubtReport> {
  const reach = await doubtReach(db, digest)
  const classes = [...new Set(reach.stages.map(({ identity }) => identity.environmentClass))]
  const usual = environmentOfMost(reach)
  const environments = await environmentsOf(db, classes)
  const sources = { speeds: speedsOf(usual), attempts: await measuredAttempts(db, classes) }
  const numbers = [...new Set(reach.numbers.map(({ measurementId }) => measurementId))]
  return {
    digest,
    roles: reach.roles,
    numbers: numbers.length,
    stages: reach.stages.length,
    tables: tablesOf(reach),
    seals: await citingSeals(db, numbers),
    price: priceStudy(reach.stages.map(openStage), { ...sources, environment: environments.get(usual) ?? {} }),
  }
}

function tablesOf({ numbers }: DoubtReach): DoubtedTable[] {
  const tables = new Map<Digest, { study: DoubtedTable['study']; rows: number[]; protocols: Set<string> }>()
  for (const { studyId, studyName, row, protocol } of numbers) {
    const table = tables.get(studyId) ?? { study: { id: studyId, name: studyName }, rows: [], protocols: new Set() }
    tables.set(studyId, table)
    table.rows.push(row)
    table.protocols.add(protocol)
  }
  return [...tables.values()].map(({ protocols, ...table }) => ({ ...table, protocols: [...protocols].sort() }))
}

/** A recorded stage as one that is still to run, which is what prices are made of. */
function openStage({ stageKey, identity, configuration, perturbation }: DoubtReach['stages'][number]): PlannedStage {
  const planned = { stage: identity.stage, stageKey, identity, state: 'open', configurations: [configuration] } as const
  return perturbation ? { ...planned, perturbation } : planned
}

/** The environment class of most of the stages: speeds were measured in one. */
function environmentOfMost({ stages }: DoubtReach): Digest {
  const counts = new Map<Digest, number>()
  for (const { identity } of stages)
    counts.set(identity.environmentClass, (counts.get(identity.environmentClass) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? ''
}
