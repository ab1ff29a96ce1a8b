import { describe, expect, it } from 'vitest'
import type { Attack } from '../attack/attack.ts'
import { ImageRuns, runsAhead, type RunAhead } from './image-runs.ts'

const label = 0
const attack = { runs: 4 } as Attack
const found = (margin: number, isOver = false): RunAhead => ({
  point: { prediction: margin < 0 ? 1 : label, margin, distance: 0.1 },
  forwards: 10,
  backwards: 9,
  isOver,
})
const begin = (runs: ImageRuns, times: number) => Array.from({ length: times }, () => runs.beginAhead(attack, label))

describe('the runs of an image', () => {
  it('begin ahead of their turn in their order, as many as the attack has', () => {
    expect(begin(new ImageRuns(), 4)).toEqual([1, 2, 3, undefined])
  })

  it('keep what they find until it is their turn, the lowest margin and all passes', () => {
    const runs = new ImageRuns()
    begin(runs, 2)
    runs.add(1, found(0.5), label)
    runs.add(1, found(0.2), label)
    runs.add(1, found(0.3, true), label)
    expect(runs.takeTurn()).toEqual({
      point: { prediction: label, margin: 0.2, distance: 0.1 },
      forwards: 30,
      backwards: 27,
      isOver: true,
    })
    expect([runs.lead, runs.isOpen(1), runs.isOpen(2), runs.isOpen(3)]).toEqual([1, true, true, false])
  })

  it('are of no use after one that fell ahead of its turn, and no further one begins', () => {
    const runs = new ImageRuns()
    begin(runs, 3)
    runs.add(2, found(-0.1, true), label)
    runs.add(3, found(0.1), label)
    expect([0, 1, 2, 3].map((run) => runs.isOpen(run))).toEqual([true, true, true, false])
    expect(runs.beginAhead(attack, label)).toBeUndefined()
  })

  it('are saved without those that fell ahead of their turn, which are begun again', () => {
    const runs = new ImageRuns()
    begin(runs, 2)
    runs.add(1, { ...found(0.4), felling: undefined }, label)
    runs.add(2, { ...found(-0.1, true), felling: Float32Array.of(1) }, label)
    const { lead, ahead } = runs.saved(7, label)
    expect({ lead, ahead }).toEqual({ lead: 0, ahead: [[1, found(0.4)]] })
    expect(new ImageRuns(lead, ahead).beginAhead(attack, label)).toBe(2)
  })

  it('go ahead for the images that are least far ahead, in as many rows as are free', () => {
    const images = new Map([
      [3, new ImageRuns()],
      [5, new ImageRuns(2)],
    ])
    const labels = Array.from({ length: 6 }, () => label)
    const started = (free: number) => runsAhead(attack, images, labels, free).map(({ row, run }) => [row, run])
    expect(started(3)).toEqual([
      [3, 1],
      [5, 3],
      [3, 2],
    ])
    expect(started(5)).toEqual([[3, 3]])
    expect(started(5)).toEqual([])
  })
})
