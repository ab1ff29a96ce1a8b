/**
 * What was reported does not fit what the ledger knows of where it came from: a defect of the caller, so a retry does
 * not help.
 */
export class LineageBroken extends Error {
  override readonly name = 'LineageBroken'
}
