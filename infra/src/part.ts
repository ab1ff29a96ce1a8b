/** One thing Gauntlet needs, as `gauntlet doctor` shows it. */
export interface Part {
  readonly part: string
  readonly state: 'ok' | 'missing' | 'wrong'
  readonly version?: string
  /** Path or address. */
  readonly where?: string
  /** One sentence: what to do; absent when all is well. */
  readonly fix?: string
  /** One sentence: what to know although all is well. */
  readonly note?: string
}
