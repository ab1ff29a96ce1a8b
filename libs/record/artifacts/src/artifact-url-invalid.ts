/** The store's address cannot be used. A retry does not help; the message says what to write instead. */
export class ArtifactUrlInvalid extends Error {
  override readonly name = 'ArtifactUrlInvalid'
}
