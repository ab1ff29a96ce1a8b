import type { ListedConfiguration, StudyCarried, StudyOutline, StudyWorkflowInput } from '@gauntlet/contract'
import { ledger } from './ledger.ts'
import { goesBy } from './patches.ts'
import type { StudyPools } from './study-pools.ts'
import type { StudyTally } from './study-tally.ts'

const pageSize = 50

/** The configurations of a study that are to be tried: those that were tried before, then the rest of its list. */
export class Untried {
  /** The place in the study's list of the next configuration. */
  private offset: number
  /** Configurations of the list that are next. */
  private page: readonly ListedConfiguration[] = []
  /** Places of configurations that were tried before: by an earlier run, before a pause, or before a retry. */
  private again: number[]
  /** Those of `again` that the ledger has told the configurations of, which come a page at a time. */
  private readonly told = new Map<number, ListedConfiguration>()
  /** Those that an earlier run left in flight, which are the first of `again`. */
  private readonly leftPlaces: Set<number>

  constructor(
    private readonly input: StudyWorkflowInput,
    private readonly outline: StudyOutline,
    private readonly pools: StudyPools,
    private readonly tally: StudyTally,
    carried: Pick<StudyCarried, 'offset' | 'unfinished' | 'again'>,
  ) {
    this.offset = carried.offset
    this.again = [...carried.unfinished, ...carried.again]
    this.leftPlaces = new Set(carried.unfinished)
  }

  get isEmpty(): boolean {
    return this.again.length + this.page.length + this.outline.total - this.offset === 0
  }

  /** Whether some were tried before. */
  get hasAgain(): boolean {
    return this.again.length > 0
  }

  /** The places of those that an earlier run left in flight and that have not been taken up. */
  get left(): readonly number[] {
    return [...this.leftPlaces]
  }

  /** Whether the next one was left in flight by an earlier run. */
  get isNextLeft(): boolean {
    return this.again.length > 0 && this.leftPlaces.has(this.again[0]!)
  }

  /** Takes one up that an earlier run left in flight; false where that is not so. */
  takeLeft(place: number): boolean {
    return this.leftPlaces.delete(place)
  }

  /** Those at these places are to be tried again. */
  add(...places: readonly number[]): void {
    this.again.push(...places)
  }

  /** One that was given by `next` and was not tried is the next again. */
  putBack(listed: ListedConfiguration): void {
    this.told.set(listed.index, listed)
    this.again.unshift(listed.index)
  }

  /** The next configuration that has something to do. */
  async next(): Promise<ListedConfiguration | undefined> {
    const { file } = this.input
    if (this.again.length > 0) return this.nextAgain()
    while (this.page.length === 0 && this.offset < this.outline.total) {
      const described = await this.pools.describe()
      const { open, next } = await ledger.openConfigurations({
        file,
        ...described,
        offset: this.offset,
        limit: pageSize,
      })
      this.page = open
      if (open.length === 0) this.passOver(next)
    }
    const next = this.page[0]
    if (!next) return undefined
    this.page = this.page.slice(1)
    this.passOver(next.index)
    this.offset = next.index + 1
    return next
  }

  /** What another run needs to go on, where these are in flight. */
  carry(inFlight: readonly number[]): Pick<StudyCarried, 'offset' | 'unfinished' | 'again'> {
    return {
      offset: this.offset,
      unfinished: [...inFlight, ...this.leftPlaces],
      again: this.again.filter((place) => !this.leftPlaces.has(place)),
    }
  }

  /** The first of those that were tried before. The ledger tells their configurations a page at a time. */
  private async nextAgain(): Promise<ListedConfiguration | undefined> {
    const place = this.again[0]!
    if (!this.told.has(place)) {
      const places = goesBy('again-by-the-page') ? this.again.slice(0, pageSize) : [place]
      const listed = await ledger.listedConfigurations({ file: this.input.file, places, ...this.pools.asksPlaces })
      for (const each of listed) this.told.set(each.index, each)
    }
    const listed = this.told.get(place)
    this.told.delete(place)
    this.again = this.again.filter((each) => each !== place)
    return listed
  }

  /** Counts the configurations before this place, which have every number already. */
  private passOver(place: number): void {
    this.tally.passOver(place - this.offset)
    this.offset = place
  }
}
