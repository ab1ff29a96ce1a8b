import { patched } from '@temporalio/workflow'

/** Whether this run began with every change below. */
let isRecent = false

/**
 * Notes the changes that a run begins with. A workflow with patches calls it before anything else: the SDK (1.24) may
 * record a patch that is asked for after an answer of the ledger where a replay does not find it, and then the history
 * does not replay, if a query was answered in that workflow task.
 */
export function notePatches(): void {
  isRecent = patched('controls-what-is-left')
}

/**
 * Whether the run goes by a change. Those of before are asked for where they were made, in runs that began without
 * `controls-what-is-left`; a new one is to be noted at the beginning of a run, too.
 */
export function goesBy(
  change: 'controls-what-is-left' | 'starts-in-turn' | 'again-by-the-page' | 'skipped-again',
): boolean {
  return isRecent || (change !== 'controls-what-is-left' && patched(change))
}
