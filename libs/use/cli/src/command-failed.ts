/** A command failed; exit code 1. The message is one sentence that says what to do. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed'
}

/** A command was called in a wrong way; exit code 2. Nothing was started. */
export class Misuse extends Error {
  override readonly name = 'Misuse'
}
