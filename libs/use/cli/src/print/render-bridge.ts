import type { Bridge, BridgeOfStage } from '@gauntlet/ledger'
import type { BridgeAttempt } from '../device/bridge-study.ts'
import { count } from './count.ts'
import { renderJudged } from './render-judged.ts'
import { day } from './moment.ts'

/** What came of an attempt to bridge a study over a code change, for people. */
export function renderBridgeAttempt(study: string, { bridge, refusal, plan, judged }: BridgeAttempt): string {
  const changes = plan.changes.map(({ code, from, to }) => `  ${code}: ${from.slice(0, 12)}, now ${to.slice(0, 12)}`)
  const end =
    bridge === null
      ? `Not bridged. ${refusal}`
      : `Bridge ${bridge}: ${count(plan.stages.length, 'stage')} count as done by the present code, and ${count(plan.numbers.length, 'number')} are shown as bridged; npx gauntlet reproduce ${study} --revoke ${bridge} --why … takes it back.`
  return [
    `${count(plan.changes.length, 'bundle')} of ${study} changed:\n${changes.join('\n')}`,
    ...judged.map(renderJudged),
    end,
  ].join('\n\n')
}

/** The bridges of a study, for people. */
export function renderBridges(study: string, bridges: readonly Bridge[]): string {
  if (bridges.length === 0) return `${study} has no bridge.`
  return bridges
    .map((one) => `${one.id}  ${sentenceOf(one)}${one.revokedAt ? `\n   ${revocationOf(one)}` : ''}`)
    .join('\n')
}

/** The bridges that lead to the stages behind a number, a line for each stage and code. */
export function bridgeLines(bridges: readonly BridgeOfStage[]): string[] {
  return bridges.map(
    (one) =>
      `bridge ${one.id}${one.revokedAt ? `, ${revocationOf(one)}` : ''}: stage ${one.recordedKey.slice(0, 12)} counts as ${one.stageKey.slice(0, 12)} by code ${one.codeDigest.slice(0, 12)}; ${sentenceOf(one)}`,
  )
}

function sentenceOf({ madeAt, stages, numbers, reproductions }: Bridge): string {
  return `made ${day(madeAt)} for ${count(stages, 'stage')} behind ${count(numbers, 'number')}, of which ${reproductions.length} had the same bytes (reproductions ${reproductions.join(', ')})`
}

function revocationOf({ revokedAt, revokedWhy }: Bridge): string {
  return `revoked ${day(revokedAt!)}: ${revokedWhy}`
}
