import {
  neverRetried,
  type ConfigurationResult,
  type FailedPlaces,
  type FailureGroup,
  type RetryRequest,
  type StageFailureSummary,
  type StudyCarried,
  type StudyCounts,
} from '@gauntlet/contract'

/** Characters of a message that are kept: enough for what to change, and few, because they are carried over. */
const messageLength = 600

/** Groups of failures that progress shows. */
const shownGroups = 20

interface Group extends Omit<FailedPlaces, 'places'> {
  readonly places: Set<number>
}

/** The configurations of a study that have ended: how, why those without a number failed, and what they cost. */
export class StudyTally {
  private ended: StudyCounts
  private readonly groups = new Map<string, Group>()
  private seconds: number

  constructor({ ended, failed, deviceSeconds }: Pick<StudyCarried, 'ended' | 'failed' | 'deviceSeconds'>) {
    this.ended = ended
    this.seconds = deviceSeconds
    for (const { places, ...group } of failed) this.groups.set(nameOf(group), { ...group, places: new Set(places) })
  }

  get counts(): StudyCounts {
    return this.ended
  }

  get deviceSeconds(): number {
    return this.seconds
  }

  addSeconds(seconds: number): void {
    this.seconds += seconds
  }

  /** Counts configurations that have every number already. */
  passOver(count: number): void {
    this.add('measured', count)
  }

  /** Counts the configuration at a place of the list. */
  end(
    place: number,
    backbone: string,
    { outcome, failures }: Pick<ConfigurationResult, 'failures'> & { readonly outcome: keyof StudyCounts },
  ): void {
    this.add(outcome, 1)
    for (const failure of failures.slice(0, 1)) this.groupOf(outcome, backbone, failure).places.add(place)
  }

  /** The places of the configurations that a retry is about. They count as not ended from now on. */
  takeBack({ failureClass, stage, backbone, place }: RetryRequest): number[] {
    const taken: number[] = []
    for (const [name, group] of this.groups) {
      const isMeant =
        !neverRetried.includes(group.failureClass) &&
        (failureClass === undefined || group.failureClass === failureClass) &&
        (stage === undefined || group.stage === stage) &&
        (backbone === undefined || group.backbone === backbone)
      if (!isMeant) continue
      const places = [...group.places].filter((each) => place === undefined || each === place)
      taken.push(...places)
      this.add(group.outcome, -places.length)
      for (const each of places) group.places.delete(each)
      if (group.places.size === 0) this.groups.delete(name)
    }
    return taken.toSorted((a, b) => a - b)
  }

  /** Why configurations lack numbers, the most frequent reason first. */
  failures(): FailureGroup[] {
    const groups = [...this.groups.values()].map(({ places, stage, failureClass, backbone, message }) => {
      return { stage, failureClass, backbone, message, configurations: places.size }
    })
    return groups.toSorted((a, b) => b.configurations - a.configurations).slice(0, shownGroups)
  }

  carry(): Pick<StudyCarried, 'ended' | 'failed' | 'deviceSeconds'> {
    const failed = [...this.groups.values()].map(({ places, ...group }) => ({ ...group, places: [...places] }))
    return { ended: this.ended, failed, deviceSeconds: this.seconds }
  }

  private add(outcome: keyof StudyCounts, count: number): void {
    this.ended = { ...this.ended, [outcome]: this.ended[outcome] + count }
  }

  private groupOf(outcome: keyof StudyCounts, backbone: string, failure: StageFailureSummary): Group {
    const { stage, failureClass } = failure
    const message = failure.message.slice(0, messageLength)
    const group = { outcome, backbone, stage, failureClass, message, places: new Set<number>() }
    const known = this.groups.get(nameOf(group)) ?? group
    this.groups.set(nameOf(group), known)
    return known
  }
}

function nameOf({ outcome, backbone, stage, failureClass }: Omit<FailedPlaces, 'places'>): string {
  return JSON.stringify([outcome, backbone, stage, failureClass])
}
