import { expect, it } from 'vitest'
import { linf } from '../balls/linf.ts'
import { fabAttack } from './fab-attack.ts'

it.each([
  ['each of two targets', 2, [false, true, true, false, true, true]],
  ['all classes', 0, [false, true, true]],
])('FAB starts its first run at %s from the image, and its restarts from noise of their own', (_, targets, isNoise) => {
  const attack = fabAttack({ name: 'fab', ball: linf(0.1), iterations: 1, restarts: 3, targets })
  const noises = [...Array(attack.runs).keys()].map((run) => [
    ...attack.runInputs({ seed: 1, image: 'a', run }, [2, 2, 3]).noise,
  ])
  expect(noises.map((noise) => noise.some((value) => value !== 0))).toEqual(isNoise)
  expect(new Set(noises.map(String)).size).toBe(1 + isNoise.filter(Boolean).length)
})
