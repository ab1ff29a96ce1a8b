/** The images, labels or settings of an attack cannot be used; a retry does not help. */
export class AttackInputInvalid extends Error {
  override readonly name = 'InvalidInput'
}
