import { flagSentence, standings, wilsonInterval, type FlaggedCount, type Standing } from '@gauntlet/analysis'
import type { CellFailure, FactorName, Grid, StudyTable } from '@gauntlet/api/wire'

/** The axes in the order in which the API lists the levels of a configuration. */
export const factorNames = ['dataset', 'backbone', 'protocol', 'loss', 'seed', 'inputContract'] as const

/** The states of cells by the codes of the API, and of cells that it has not told yet. */
const states = ['pending', 'measured', 'older', 'failed', 'diverged', 'unread'] as const

/** What a cell shows, each with a sign of its own. */
export type CellKind = (typeof states)[number] | 'bridged' | 'doubted' | 'refused' | 'running'

/** A column of numbers: the place of a perturbation, or the score over all of them. */
export type Measure = number | 'score'

type Flag = FlaggedCount['flags'][number]

/** What is shown of one cell. */
export interface ShownCell {
  readonly kind: CellKind
  /** An accuracy in [0, 1], or a sum of accuracies; null where there is none. */
  readonly value: number | null
  /** The row in the table of the study, from 1; null for a score. */
  readonly row: number | null
}

/** A study's table in the browser, held in arrays so that 100,000 cells stay small, and renewed in place. */
export class StudyModel {
  readonly grid: Grid
  pool: StudyTable['pool']
  version: string
  /** Configurations whose cells have still to come. */
  unread: number
  /** Perturbations of the study. */
  readonly width: number
  /** Configurations of the study. */
  readonly size: number
  private readonly state: Uint8Array
  private readonly correct: Uint32Array
  private readonly total: Uint32Array
  private readonly flags = new Map<number, readonly Flag[]>()
  private readonly failures = new Map<number, CellFailure>()
  private readonly running = new Set<number>()
  private standing: readonly Standing[] | null = null

  constructor(table: StudyTable & { readonly grid: Grid }) {
    this.grid = table.grid
    this.pool = table.pool
    this.version = table.version
    this.unread = table.unread
    this.width = table.grid.perturbations.length
    this.size = table.grid.configurations.length / factorNames.length
    this.state = new Uint8Array(this.width * this.size).fill(states.indexOf('unread'))
    this.correct = new Uint32Array(this.width * this.size)
    this.total = new Uint32Array(this.width * this.size)
    this.renew(table)
  }

  /** Takes in what changed. Gives how many configurations did. */
  renew({ version, pool, unread, cells }: StudyTable): number {
    this.version = version
    this.unread = unread
    this.pool = pool
    cells.positions.forEach((position, i) => {
      for (let p = 0; p < this.width; p++) {
        const [to, from] = [position * this.width + p, i * this.width + p]
        this.state[to] = cells.state[from]!
        this.correct[to] = cells.correct[from]!
        this.total[to] = cells.total[from]!
        this.flags.delete(to + 1)
        this.failures.delete(to + 1)
      }
    })
    for (const [row, flags] of Object.entries(cells.flags)) this.flags.set(Number(row), flags)
    for (const [row, failure] of Object.entries(cells.failures)) this.failures.set(Number(row), failure)
    this.standing = null
    return cells.positions.length
  }

  /** Marks the configurations that are in flight. */
  setRunning(positions: readonly number[]): void {
    this.running.clear()
    for (const position of positions) this.running.add(position)
  }

  /** The level of a configuration in a factor. */
  level(position: number, factor: FactorName): string {
    return this.grid.factors[factor]![this.levelIndex(position, factor)]!
  }

  levelIndex(position: number, factor: FactorName): number {
    return this.grid.configurations[position * factorNames.length + factorNames.indexOf(factor)]!
  }

  /** The factors in which configurations of this study differ. */
  get factors(): FactorName[] {
    return factorNames.filter((name) => this.grid.factors[name]!.length > 1)
  }

  /** A configuration by the factors that tell it from others; by its backbone where it is the only one. */
  label(position: number): string {
    const levels = this.factors.map((factor) =>
      factor === 'seed' ? `seed ${this.level(position, factor)}` : this.level(position, factor),
    )
    return levels.length > 0 ? levels.join(' · ') : this.level(position, 'backbone')
  }

  row(position: number, perturbation: number): number {
    return position * this.width + perturbation + 1
  }

  /** The row that an address names; null where the study has none of that number. */
  rowNamed(text: string | null): number | null {
    const row = Number(text)
    return Number.isInteger(row) && row >= 1 && row <= this.size * this.width ? row : null
  }

  /** The configuration and the perturbation of a row. */
  placeOf(row: number): { readonly position: number; readonly perturbation: number } {
    return { position: Math.floor((row - 1) / this.width), perturbation: (row - 1) % this.width }
  }

  /** The counts behind a row; null where it has no number. */
  count(row: number): FlaggedCount | null {
    const [correct, total] = [this.correct[row - 1]!, this.total[row - 1]!]
    return total > 0 ? { correct, total, flags: this.flagsOf(row) } : null
  }

  flagsOf(row: number): readonly Flag[] {
    return this.flags.get(row) ?? []
  }

  failureOf(row: number): CellFailure | null {
    return this.failures.get(row) ?? null
  }

  /** Where each configuration stands among all, by place. */
  get standings(): readonly Standing[] {
    this.standing ??= standings(
      Array.from({ length: this.size }, (_, position) =>
        Array.from({ length: this.width }, (_, p) => this.count(this.row(position, p))),
      ),
    )
    return this.standing
  }

  /** What a configuration shows under a measure. */
  cell(position: number, measure: Measure): ShownCell {
    if (measure === 'score') return this.score(position)
    const row = this.row(position, measure)
    const counted = this.count(row)
    if (counted) return { kind: kindOf(counted.flags), value: counted.correct / counted.total, row }
    const kind = states[this.state[row - 1]!]!
    const isWaiting = kind === 'pending' || kind === 'older'
    return { kind: isWaiting && this.running.has(position) ? 'running' : (kind as CellKind), value: null, row }
  }

  private score(position: number): ShownCell {
    const { scores, refusals } = this.standings[position]!
    if (scores) return { kind: 'measured', value: scores.sum, row: null }
    if (refusals.length > 0) return { kind: 'refused', value: null, row: null }
    const kinds = Array.from({ length: this.width }, (_, p) => this.cell(position, p).kind)
    const order: readonly CellKind[] = ['unread', 'running', 'failed', 'diverged', 'older', 'pending']
    return { kind: order.find((kind) => kinds.includes(kind)) ?? 'pending', value: null, row: null }
  }

  /** What a cell says to somebody who cannot see its colour: the number with its interval, or why there is none. */
  sentence(position: number, measure: Measure): string {
    if (measure === 'score') return this.scoreSentence(position)
    const row = this.row(position, measure)
    const counted = this.count(row)
    if (!counted) return this.absence(position, measure)
    const [low, high] = wilsonInterval(counted).map((bound) => (100 * bound).toFixed(1))
    const flags = counted.flags.map((flag) => ` ${capital(flagSentence(flag))}`)
    const failure = this.failureOf(row)
    const since = failure ? ` Failed since: ${failure.message}.` : ''
    const { correct, total } = counted
    return `${((100 * correct) / total).toFixed(1)} %, ${correct} of ${total} images, 95 % interval ${low} to ${high} %.${flags.join('')}${since}`
  }

  private scoreSentence(position: number): string {
    const { rank, scores, refusals } = this.standings[position]!
    if (scores)
      return `Sum of accuracies ${scores.sum.toFixed(3)}, rank ${rank}, product ${scores.geometric.toFixed(5)}.`
    if (refusals.length > 0) return `Not ranked: ${refusals.map(({ reason }) => reason).join('; ')}.`
    if (this.cell(position, 'score').kind === 'unread') return 'Not read yet.'
    return 'No score, because a number is missing.'
  }

  private absence(position: number, measure: number): string {
    const row = this.row(position, measure)
    const { kind } = this.cell(position, measure)
    const failure = this.failureOf(row)
    if (failure) {
      const verb = kind === 'diverged' ? 'Diverged' : `Failed (${failure.failureClass})`
      return `${verb} in ${failure.stage}: ${failure.message}.`
    }
    if (kind === 'unread') return 'Not read yet.'
    if (kind === 'running') return 'In work now.'
    return kind === 'older'
      ? 'Not run yet by the present code in this environment; there is a number of other code or another environment.'
      : 'Not run yet.'
  }
}

function kindOf(flags: readonly Flag[]): CellKind {
  if (flags.length === 0) return 'measured'
  if (flags.every(({ name }) => name === 'bridged')) return 'bridged'
  return flags.some(({ policy }) => policy === 'refuse') ? 'refused' : 'doubted'
}

function capital(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1)
}

/** What each sign means, for legends. */
export const kindMeanings: Readonly<Record<CellKind, readonly [sign: string, meaning: string]>> = {
  measured: ['43.7', 'measured'],
  bridged: ['43.7 =', 'by other code, kept by a bridge: a sample had the same bytes'],
  doubted: ['43.7 !', 'measured, with a reason to doubt it'],
  refused: ['43.7 ⊘', 'measured, not to be ranked'],
  diverged: ['∿', 'diverged'],
  failed: ['✕', 'failed'],
  running: ['▸', 'in work'],
  older: ['○', 'only by other code or elsewhere'],
  pending: ['·', 'not run yet'],
  unread: ['…', 'not read yet'],
}

/** What stands in a cell. */
export function cellText({ kind, value }: ShownCell, measure: Measure): string {
  if (value === null) return kind === 'refused' ? '⊘' : kindMeanings[kind][0]
  const number = measure === 'score' ? value.toFixed(3) : (100 * value).toFixed(1)
  if (kind === 'bridged') return `${number} =`
  if (kind === 'doubted') return `${number} !`
  return kind === 'refused' ? `${number} ⊘` : number
}
