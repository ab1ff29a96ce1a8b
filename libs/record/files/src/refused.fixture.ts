/** What the readers throw in tests; rooms have errors of their own. */
export class Refused extends Error {
  override readonly name = 'Refused'
}

/** Refuses an archive with the clause alone. */
export function refuse(wrong: string): never {
  throw new Refused(wrong)
}
