/** The benchmark lacks something; the message says what to give. */
export class AttackBenchmarkInvalid extends Error {
  override readonly name = 'AttackBenchmarkInvalid'
}
