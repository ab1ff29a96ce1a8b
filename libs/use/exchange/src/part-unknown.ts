/** A study has nothing of what was asked for of it, such as a loss or the role of artifacts. Another value helps. */
export class PartUnknown extends Error {
  override readonly name = 'PartUnknown'
}
