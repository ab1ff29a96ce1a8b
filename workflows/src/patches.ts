import { patched } from '@temporalio/workflow'

/** Changes that are noted at the beginning of a run. The first of them stands for those of before, too. */
const noted = ['controls-what-is-left', 'asks-always'] as const

/** Changes that were asked for where they were made, before runs began to note them. */
type Earlier = 'starts-in-turn' | 'again-by-the-page' | 'skipped-again'

type Noted = (typeof noted)[number]

/** The changes that this run began with. */
let begunWith: readonly Noted[] = []

/**
 * Notes the changes that a run begins with. A workflow with patches calls it before anything else: the SDK (1.24) may
 * record a patch that is asked for after an answer of the ledger where a replay does not find it, and then the history
 * does not replay, if a query was answered in that workflow task.
 */
export function notePatches(): void {
  begunWith = noted.filter((change) => patched(change))
}

/** Whether the run goes by a change. A new one is added to those that are noted. */
export function goesBy(change: Noted | Earlier): boolean {
  if (isNoted(change)) return begunWith.includes(change)
  return begunWith.includes('controls-what-is-left') || patched(change)
}

function isNoted(change: Noted | Earlier): change is Noted {
  return (noted as readonly string[]).includes(change)
}
