import type { SavedEvaluation } from '@gauntlet/evaluation'
import { readSafetensors, writeSafetensors } from '@gauntlet/weights'
import { describe, expect, it } from 'vitest'
import { decodeEvaluation, encodeEvaluation } from './kept-evaluation.ts'

const verdict = {
  held: true,
  prediction: 1,
  margin: 0.1,
  distance: 0.25,
  felledBy: null,
  forwards: 7,
  backwards: 6,
}
const underAttack: SavedEvaluation = {
  kind: 'ensemble',
  ensemble: {
    attack: 1,
    queue: [2, 5],
    images: [{ row: 0, lead: 3, ahead: [[4, { point: null, forwards: 0, backwards: 0, isOver: false }]] }],
    positions: [
      { row: 0, run: 3, step: 17 },
      { row: 0, run: 4, step: 0 },
    ],
    states: [
      { name: 'iterate', shape: [2, 1, 2, 3], values: Float32Array.from({ length: 12 }, (_, i) => i / 7) },
      { name: 'memory/rises', shape: [2], values: Float32Array.of(-Infinity, 0.5) },
    ],
    verdicts: [verdict],
    cleanPredictions: [{ prediction: 1, margin: 0.5, distance: 0, ranking: [1, 0] }],
    rankings: [[0, [1, 0]]],
  },
}
const outcome = {
  image: 'a'.repeat(64),
  index: 0,
  label: 1,
  prediction: 2,
  held: false,
  felledBy: 'clean',
  run: null,
  margin: -0.1,
  distance: null,
}
const withoutAttack: SavedEvaluation = { kind: 'outcomes', outcomes: [outcome] }

const felling = [{ index: 7, pixels: Float32Array.of(0.25, 1, 0) }]

describe('the kept progress of an evaluation', () => {
  it.each([underAttack, withoutAttack])('is read as it was written, to the bit: $kind', (saved) => {
    expect(decodeEvaluation(encodeEvaluation({ done: 3, saved, felling }))).toEqual({ done: 3, saved, felling })
  })

  it('counts as none wherever its bytes are cut off, or of another kind', () => {
    const bytes = encodeEvaluation({ done: 3, saved: underAttack, felling })
    for (let length = 0; length < bytes.length; length += 7)
      expect(decodeEvaluation(bytes.subarray(0, length))).toBeNull()
    expect(decodeEvaluation(new TextEncoder().encode('ARROW1 and more'))).toBeNull()
    const ofOtherVersion = writeSafetensors(readSafetensors(bytes).arrays, { format: 'gauntlet-evaluation-1' })
    expect(decodeEvaluation(ofOtherVersion)).toBeNull()
  })
})
