import type { AttackTime } from './task.ts'

/** A table of both sides, for each attack and the whole. Equivalents count forward and backward passes alike. */
export function report(
  title: string,
  images: number,
  gauntlet: readonly AttackTime[],
  reference: readonly AttackTime[],
): string {
  const rows = gauntlet.map((ours) =>
    rowOf(
      ours.attack,
      images,
      ours,
      reference.find(({ attack }) => attack === ours.attack),
    ),
  )
  const whole = rowOf('whole', images, totalOf(gauntlet), reference.length > 0 ? totalOf(reference) : undefined)
  return [
    `\n${title}: held ${heldOf(gauntlet)} of ${images}, reference ${reference.length > 0 ? heldOf(reference) : '–'}\n`,
    '| attack | images | Gauntlet, s | share | reference, s | ratio | ratio, processor | equivalents an image | reference |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows.map((row, i) => line(row, gauntlet[i]!, gauntlet)),
    line(whole, totalOf(gauntlet), gauntlet),
  ].join('\n')
}

interface Row {
  readonly name: string
  readonly theirs: string
  readonly ratios: readonly [string, string]
  readonly equivalents: readonly [string, string]
}

function rowOf(name: string, images: number, ours: AttackTime, theirs: AttackTime | undefined): Row {
  const equivalents = (time: AttackTime | undefined) =>
    time ? ((time.forwards + time.backwards) / images).toFixed(0) : '–'
  const ratio = (of: (time: AttackTime) => number) => (theirs ? (of(ours) / of(theirs)).toFixed(2) : '–')
  return {
    name,
    theirs: theirs ? theirs.seconds.toFixed(1) : '–',
    ratios: [ratio(({ seconds }) => seconds), ratio(({ processorSeconds }) => processorSeconds)],
    equivalents: [equivalents(ours), equivalents(theirs)],
  }
}

function line(
  { name, theirs, ratios, equivalents }: Row,
  { attacked, seconds }: AttackTime,
  all: readonly AttackTime[],
): string {
  const share = `${((100 * seconds) / totalOf(all).seconds).toFixed(0)} %`
  return `| ${[name, attacked, seconds.toFixed(1), share, theirs, ...ratios, ...equivalents].join(' | ')} |`
}

function totalOf(times: readonly AttackTime[]): AttackTime {
  const sum = (of: (time: AttackTime) => number) => times.reduce((total, time) => total + of(time), 0)
  return {
    attack: 'whole',
    seconds: sum(({ seconds }) => seconds),
    processorSeconds: sum(({ processorSeconds }) => processorSeconds),
    attacked: times[0]?.attacked ?? 0,
    held: times.at(-1)?.held ?? 0,
    forwards: sum(({ forwards }) => forwards),
    backwards: sum(({ backwards }) => backwards),
  }
}

function heldOf(times: readonly AttackTime[]): number {
  return times.at(-1)?.held ?? 0
}
