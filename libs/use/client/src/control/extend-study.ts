import { controlUpdates, type ExtendRequest } from '@gauntlet/contract'
import { findStudy, studyFile, studiesNamed, type LedgerDatabase } from '@gauntlet/ledger'
import {
  canonicalJson,
  configurationId,
  configurationLabel,
  expandStudy,
  parseStudy,
  perturbationLabel,
  studyId,
  type Digest,
  type Expansion,
  type Study,
} from '@gauntlet/study'
import type { Client } from '@temporalio/client'
import { setTimeout as sleep } from 'node:timers/promises'
import { isStudyRunning, updateStudy } from './control-study.ts'

/** The study cannot be extended to this one; the message says what to change. */
export class StudyNotExtendable extends Error {
  override readonly name = 'StudyNotExtendable'
}

interface Extension {
  readonly study: Study
  readonly file: ExtendRequest['file']
  /** The name or id of the study that is extended; the one that runs under the same name unless given. */
  readonly of?: string
}

/** What came of an extension. */
export interface Extended {
  /** The study that was extended. */
  readonly of: Digest
  readonly addedConfigurations: number
  readonly addedPerturbations: number
  /** Whether the extended study has begun; else it begins once a stage has ended that configurations share. */
  readonly hasBegun: boolean
}

/** How long the extended study is waited for. */
const beginLimitMilliseconds = 20_000

/**
 * Extends a running study to one that has every cell of it, and more. The running one hands over what it has in flight,
 * its budget and its circuits. Throws `StudyNotExtendable`, and `StudyUnknown` where `of` names none.
 */
export async function extendStudy(
  client: Client,
  db: LedgerDatabase,
  { study, file, of }: Extension,
): Promise<Extended> {
  const id = studyId(study)
  const [running, ...others] = await runningStudies(client, db, study, of)
  if (running === undefined)
    throw new StudyNotExtendable(
      `No study ${of ?? `named ${study.name}`} runs that could be extended; start this one with: npx gauntlet run`,
    )
  if (running === id)
    throw new StudyNotExtendable('This very study runs already; add cells, perturbations or seeds to its file.')
  if (others.length > 0)
    throw new StudyNotExtendable(
      `${others.length + 1} studies named ${study.name} run; say which is meant: --of ${running.slice(0, 12)}`,
    )
  const before = expandStudy(parseStudy(await studyFile(db, running), 'the running study'))
  const after = expandStudy(study)
  refuseLosses(before, after)
  const request: ExtendRequest = { studyId: id, file }
  await updateStudy(client, running, controlUpdates.extend, request)
  return {
    of: running,
    addedConfigurations: after.configurations.length - before.configurations.length,
    addedPerturbations: after.perturbations.length - before.perturbations.length,
    hasBegun: await beginsWithin(client, id, beginLimitMilliseconds),
  }
}

/** The ids of the running studies that are meant. */
async function runningStudies(client: Client, db: LedgerDatabase, { name }: Study, of: string | undefined) {
  const ids = of === undefined ? await studiesNamed(db, name) : [(await findStudy(db, of)).id]
  const states = await Promise.all(ids.map((id) => isStudyRunning(client, id)))
  return ids.filter((_, i) => states[i])
}

/**
 * What a study lacks of another one: an extension only adds, since what runs cannot be taken back by it. Throws
 * `StudyNotExtendable` where anything is lost.
 */
export function refuseLosses(before: Expansion, after: Expansion): void {
  const kept = new Set([...after.configurations.map(configurationId), ...after.perturbations.map(canonicalJson)])
  const [cell, ...cells] = before.configurations.filter((each) => !kept.has(configurationId(each)))
  const perturbations = before.perturbations.filter((each) => !kept.has(canonicalJson(each)))
  const more = cells.length === 0 ? '' : ` and ${cells.length} more configuration${cells.length === 1 ? '' : 's'}`
  const lost = [
    ...(cell ? [`${configurationLabel(cell)}${more}`] : []),
    ...perturbations.map((each) => `the perturbation ${perturbationLabel(each)}`),
  ]
  if (lost.length === 0) return
  throw new StudyNotExtendable(
    `The file lacks ${lost.join(', and ')}, or has other settings for them; an extension only adds, so put them back, or cancel the running study and run this one.`,
  )
}

async function beginsWithin(client: Client, id: Digest, milliseconds: number): Promise<boolean> {
  for (const deadline = Date.now() + milliseconds; Date.now() < deadline; await sleep(200))
    if (await isStudyRunning(client, id)) return true
  return false
}
