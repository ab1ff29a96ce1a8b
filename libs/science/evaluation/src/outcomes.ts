/* Outcomes and their files, for rooms without tensors: nothing that is imported here loads the engine. */
export { strictestPolicy, type Evidence } from './evidence.ts'
export { outcomeFacts, type Outcome, type OutcomeFacts } from './outcome.ts'
export { decodeOutcomes, encodeOutcomes, outcomesMediaType } from './outcomes-file.ts'
export { OutcomesUnreadable } from './outcomes-unreadable.ts'
export { CoverageBroken, tally } from './tally.ts'
