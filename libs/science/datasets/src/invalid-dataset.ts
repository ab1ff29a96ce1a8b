/** The bytes of a dataset are not what they should be; a retry gives the same, so the message says what to change. */
export class InvalidDataset extends Error {
  override readonly name = 'InvalidDataset'
}
