/** One part that Gauntlet needs, as `gauntlet doctor` shows it. */
export interface Part {
  readonly part: string
  readonly state: 'ok' | 'missing' | 'wrong'
  readonly version?: string
  /** Path or address. */
  readonly where?: string
  /** One sentence that says what to do; absent when nothing is wrong. */
  readonly fix?: string
  /** One sentence: what to know although all is well. */
  readonly note?: string
}
