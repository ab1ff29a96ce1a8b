/** A report contradicts the lineage that the ledger has. The caller is wrong, so a retry does not help. */
export class LineageBroken extends Error {
  override readonly name = 'LineageBroken'
}
