import type { BeginStageInput, Begun, LedgerActivities } from '@gauntlet/contract'
import { beginAttempts, knownOutputsOf, lastFailures, triedStages } from '@gauntlet/ledger'
import { stageKey, type Digest } from '@gauntlet/study'
import type { Dependencies } from './dependencies.ts'
import { areIntact } from './intact-artifacts.ts'
import { reportedAttempt } from './reported-attempt.ts'

/**
 * Of each stage the outputs, if it is fulfilled or a bridge leads to it, unless the store has lost one of them, or that
 * its training diverges. Records that attempts at the others begin.
 */
export function createBeginStages(dependencies: Dependencies): LedgerActivities['beginStages'] {
  return async (inputs) => {
    const asked = inputs.map(({ distrusted, ...begun }) => ({ ...begun, distrusted, key: stageKey(begun.identity) }))
    const known = await knownOf(dependencies, asked)
    const begun = asked.filter(({ key }) => !known.has(key))
    if (begun.length > 0)
      await beginAttempts(
        dependencies.db,
        begun.map(({ identity, configurationId, ...report }) => {
          return { identity, configurationId, attempt: { ...reportedAttempt(report, {}), worker: null } }
        }),
      )
    return asked.map(({ key }) => known.get(key) ?? null)
  }
}

/** The same for one stage. */
export function createBeginStage(dependencies: Dependencies): LedgerActivities['beginStage'] {
  const beginStages = createBeginStages(dependencies)
  return async (input) => (await beginStages([input]))[0]!
}

type Asked = Pick<BeginStageInput, 'distrusted'> & { readonly key: Digest }

async function knownOf({ db, store }: Dependencies, asked: readonly Asked[]): Promise<Map<Digest, Begun>> {
  const keys = asked.map(({ key }) => key)
  const tried = [...(await triedStages(db, keys))]
  const known = new Map<Digest, Begun>()
  if (tried.length === 0) return known // so it is with nearly every stage that nobody has done
  const [outputs, failures] = await Promise.all([knownOutputsOf(db, tried), lastFailures(db, tried)])
  for (const { key, distrusted } of asked) {
    const generated = outputs.get(key)
    if (generated && (await areIntact(store, generated, distrusted))) known.set(key, { generated })
    else if (failures.get(key)?.failureClass === 'Diverged') known.set(key, { diverged: failures.get(key)!.message })
  }
  return known
}
