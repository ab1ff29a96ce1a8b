import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { heldOutDigits } from '../../parity/attacks/digits.ts'
import { readInputs, writeInputs } from './inputs.ts'

const folder = mkdtempSync(join(tmpdir(), 'gauntlet-inputs-'))
const file = join(folder, 'inputs.safetensors')
const { images: digits, labels } = heldOutDigits()
afterAll(() => rmSync(folder, { recursive: true }))

it('gives grey models the digits as they are', () => {
  writeInputs(file, 3, [28, 28, 1])
  const found = readInputs(file)
  expect(found.images.shape).toEqual([3, 28, 28, 1])
  expect(found.labels).toEqual(labels.slice(0, 3))
  const levels = Array.from(found.images.dataSync(), (value) => Math.round(value * 255))
  expect(levels).toEqual(digits.slice(0, 3).flatMap((digit) => [...digit]))
})

it('gives the backbone larger digits in three equal channels', () => {
  writeInputs(file, 2, [48, 48, 3])
  const { images } = readInputs(file)
  expect(images.shape).toEqual([2, 48, 48, 3])
  const values = images.dataSync()
  for (let i = 0; i < values.length; i += 3) expect([values[i + 1], values[i + 2]]).toEqual([values[i], values[i]])
  const mean = (numbers: ArrayLike<number>) =>
    Array.from(numbers).reduce((sum, value) => sum + value, 0) / numbers.length
  expect(mean(values)).toBeCloseTo(mean(digits.slice(0, 2).flatMap((digit) => [...digit])) / 255, 2)
})
