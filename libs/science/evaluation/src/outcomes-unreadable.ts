/**
 * Bytes are not an outcomes file; the evaluation that made them must be run again, a retry of the reading does not
 * help.
 */
export class OutcomesUnreadable extends Error {
  override readonly name = 'InvalidInput'

  constructor(reason: string, options?: ErrorOptions) {
    super(`The outcomes cannot be read: ${reason}; run this evaluation again.`, options)
  }
}
