/** A command could not do what it was asked; exit code 1. The message is one sentence with the fix. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed'
}

/** A command was asked wrongly; exit code 2, nothing was begun. */
export class Misuse extends Error {
  override readonly name = 'Misuse'
}
