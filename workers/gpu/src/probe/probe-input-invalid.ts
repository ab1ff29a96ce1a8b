/** The input of a probe cannot be used; a retry does not help. The message is one sentence that says what to change. */
export class ProbeInputInvalid extends Error {
  override readonly name = 'ProbeInputInvalid'
}
