/** The benchmark cannot run as it was called; the message says what to give. */
export class AttackBenchmarkInvalid extends Error {
  override readonly name = 'AttackBenchmarkInvalid'
}
