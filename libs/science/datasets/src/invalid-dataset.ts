/** The bytes of a dataset are not valid; a retry does not help, and the message says what to change. */
export class InvalidDataset extends Error {
  override readonly name = 'InvalidDataset'
}
