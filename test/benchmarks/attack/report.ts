import type { AttackTime } from './task.ts'

/** The times of the sides. `again` are the reference's with another seed. */
export interface SideTimes {
  readonly gauntlet: readonly AttackTime[]
  readonly reference?: readonly AttackTime[] | undefined
  readonly again?: readonly AttackTime[] | undefined
}

/**
 * A table of the sides, for each attack and the whole. Equivalents count forward and backward passes of images alike;
 * rows are those of passes, with the rows that only fill them.
 */
export function report(title: string, images: number, times: SideTimes): string {
  const { gauntlet, reference } = times
  const lines = gauntlet.map((ours) => {
    const theirs = reference?.find(({ attack }) => attack === ours.attack)
    return line(images, ours, theirs, gauntlet)
  })
  return [
    `\n${title}: held ${heldOf(gauntlet).length} of ${images}, reference ${reference ? heldOf(reference).length : '–'}${agreement(images, times)}\n`,
    '| attack | images | Gauntlet, s | share | reference, s | ratio | ratio, processor | equivalents an image | rows | reference |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...lines,
    line(images, totalOf(gauntlet), reference && totalOf(reference), gauntlet),
  ].join('\n')
}

function agreement(images: number, { gauntlet, reference, again }: SideTimes): string {
  if (!reference) return ''
  const withReference = `; verdicts agree on ${agreeing(images, gauntlet, reference)}`
  return again
    ? `${withReference}, the reference's with another seed on ${agreeing(images, reference, again)}`
    : withReference
}

/** Number of images of which both say the same. */
function agreeing(images: number, one: readonly AttackTime[], other: readonly AttackTime[]): number {
  const [held, others] = [new Set(heldOf(one)), new Set(heldOf(other))]
  return images - held.size - others.size + 2 * [...held].filter((image) => others.has(image)).length
}

function line(images: number, ours: AttackTime, theirs: AttackTime | undefined, all: readonly AttackTime[]): string {
  const anImage = (number: number) => (number / images).toFixed(0)
  const equivalents = (time: AttackTime) => anImage(time.forwards + time.backwards)
  const ratio = (of: (time: AttackTime) => number) => (theirs ? (of(ours) / of(theirs)).toFixed(2) : '–')
  const cells = [
    ours.attack,
    ours.attacked,
    ours.seconds.toFixed(1),
    `${((100 * ours.seconds) / totalOf(all).seconds).toFixed(0)} %`,
    theirs ? theirs.seconds.toFixed(1) : '–',
    ratio(({ seconds }) => seconds),
    ratio(({ processorSeconds }) => processorSeconds),
    equivalents(ours),
    anImage(ours.rows),
    theirs ? equivalents(theirs) : '–',
  ]
  return `| ${cells.join(' | ')} |`
}

function totalOf(times: readonly AttackTime[]): AttackTime {
  const sum = (of: (time: AttackTime) => number) => times.reduce((total, time) => total + of(time), 0)
  return {
    attack: 'whole',
    seconds: sum(({ seconds }) => seconds),
    processorSeconds: sum(({ processorSeconds }) => processorSeconds),
    attacked: times[0]?.attacked ?? 0,
    held: heldOf(times),
    forwards: sum(({ forwards }) => forwards),
    backwards: sum(({ backwards }) => backwards),
    rows: sum(({ rows }) => rows),
  }
}

function heldOf(times: readonly AttackTime[]): readonly number[] {
  return times.at(-1)?.held ?? []
}
