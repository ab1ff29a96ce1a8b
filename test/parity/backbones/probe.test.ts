import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { readSafetensors, writeSafetensors } from '@gauntlet/weights'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readFixture, sampled } from './fixture.ts'
import { fixedPixels, hashFilled } from './hash-filling.ts'

const gauntlet = resolve(import.meta.dirname, '../../../libs/use/cli/bin/gauntlet.mjs')
/** Its checkpoint expects BGR without mean and deviation, so that a wrong input contract would show. */
const id = 'mobilevit-small'
const { stateDict, labels, side, tensors, inputGradient, classes } = readFixture(id)
const folder = mkdtempSync(join(tmpdir(), 'gauntlet-probe-'))
const files = ['--weights', join(folder, 'weights'), '--inputs', join(folder, 'inputs'), '--out', join(folder, 'out')]

beforeAll(() => {
  writeFileSync(join(folder, 'weights'), writeSafetensors(hashFilled(stateDict)))
  writeFileSync(
    join(folder, 'inputs'),
    writeSafetensors([
      { name: 'images', dtype: 'float32', shape: [2, side, side, 3], data: fixedPixels(2, side) },
      { name: 'labels', dtype: 'int32', shape: [2], data: Int32Array.from(labels) },
    ]),
  )
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

it("`gauntlet probe forward` on the reference's weights gives the reference's logits and gradient", () => {
  execFileSync(process.execPath, [gauntlet, 'probe', 'forward', id, ...files, '--gradients'], {
    cwd: folder,
    stdio: 'pipe',
  })
  const result = new Map(readSafetensors(readFileSync(join(folder, 'out'))).arrays.map((array) => [array.name, array]))
  const expected = tensors.get('logits')!
  const range = Math.max(...expected) - Math.min(...expected)
  expect(result.get('logits')!.shape).toEqual([2, classes])
  result
    .get('logits')!
    .data.forEach((logit, i) => expect(Math.abs(Number(logit) - expected[i]!)).toBeLessThan(1e-4 * range))
  const gradient = sampled(result.get('input_gradient')!.data as Float32Array, 4096)
  const theirs = tensors.get('input_gradient')!
  gradient.forEach((value, i) => expect(Math.abs(value - theirs[i]!)).toBeLessThan(1e-4 * inputGradient.norm))
})

it.each([
  ['forward', ['--classes', '4'], /^The checkpoint's head tells 5 classes apart, not 4; .*\.$/],
  [
    'attack',
    ['--norm', 'linf', '--epsilon', '4/255', '--evaluator', 'apgd-ce', '--escalate'],
    /^The evaluator 'apgd-ce' does not escalate; leave --escalate out, or name an ensemble such as standard\.$/,
  ],
])('`probe %s` refuses %j in one sentence, with exit code 2', (verb, options, sentence) => {
  const words = [gauntlet, 'probe', verb, id, ...files, ...options]
  const { status, stderr } = spawnSync(process.execPath, words, { cwd: folder, encoding: 'utf8' })
  expect(status).toBe(2)
  expect(stderr.trim()).toMatch(sentence)
})
