/**
 * The study, the weights, the images or the settings cannot be used as they are; a retry does not help. The message
 * says what to change.
 */
export class InvalidInput extends Error {
  override readonly name = 'InvalidInput'
}
