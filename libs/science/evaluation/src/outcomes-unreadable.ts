/** Bytes are not an outcomes file. Reading them again does not help; the evaluation must be run again. */
export class OutcomesUnreadable extends Error {
  override readonly name = 'OutcomesUnreadable'

  constructor(reason: string, options?: ErrorOptions) {
    super(`The outcomes cannot be read: ${reason}; run this evaluation again.`, options)
  }
}
