import type { Refuse } from './refuse.ts'

/** A file is no export of a study, or one that does not hold together. A retry does not help. */
export class ExportInvalid extends Error {
  override readonly name = 'ExportInvalid'
}

/** Refuses an archive by a clause about it. */
export function refusing(file: string): Refuse {
  return (wrong) => {
    throw new ExportInvalid(`${file} is not used: ${wrong}; ask for the file again.`)
  }
}
