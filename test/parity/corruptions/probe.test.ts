import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { readSafetensors, writeSafetensors } from '@gauntlet/weights'
import { afterAll, beforeAll, expect, it } from 'vitest'

const gauntlet = resolve(import.meta.dirname, '../../../libs/use/cli/bin/gauntlet.mjs')
const folder = mkdtempSync(join(tmpdir(), 'gauntlet-probe-'))
const [side, levels] = [8, [0, 100, 250]]

function probe(...options: string[]) {
  const files = ['--inputs', 'inputs', '--out', 'out']
  return spawnSync(process.execPath, [gauntlet, 'probe', 'corrupt', ...files, ...options], {
    cwd: folder,
    encoding: 'utf8',
  })
}

beforeAll(() => {
  const data = Float32Array.from(
    { length: 3 * side * side * 3 },
    (_, i) => levels[Math.floor(i / (side * side * 3))]! / 255,
  )
  writeFileSync(
    join(folder, 'inputs'),
    writeSafetensors([{ name: 'images', dtype: 'float32', shape: [3, side, side, 3], data }]),
  )
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('`gauntlet probe corrupt` writes the corrupted images: brightness 3 adds 0.3 to the value of each grey, up to white', () => {
  const { status, stdout } = probe('--corruption', 'brightness', '--severity', '3', '--seed', '7')
  expect(status).toBe(0)
  expect(stdout.trim()).toMatch(/images \[3, 8, 8, 3\] under brightness, severity 3, seed 7$/)
  const { shape, data } = readSafetensors(readFileSync(join(folder, 'out'))).arrays[0]!
  expect(shape).toEqual([3, side, side, 3])
  const seen = [...new Set(Array.from(data as Float32Array, (value) => Math.round(value * 255)))]
  expect(seen).toEqual([76, 176, 255])
})

it.each([
  [['--corruption', 'fog', '--severity', '3'], /'fog' is invalid. Allowed choices are shot_noise, .*\.$/],
  [['--corruption', 'snow', '--severity', '0'], /'0' is invalid. Allowed choices are 1, 2, 3, 4, 5\.$/],
  [
    ['--corruption', 'snow', '--severity', '3', '--seed', '-1'],
    /^--seed is "-1"; give a whole number from 0 to 4294967295\.$/,
  ],
  [['--corruption', 'snow', '--severity', '3', '--inputs', 'nowhere'], /^The inputs .*nowhere cannot be read .*\.$/],
])('refuses %j in one sentence, with exit code 2', (options, sentence) => {
  const { status, stderr } = probe(...options)
  expect(status).toBe(2)
  expect(stderr.trim()).toMatch(sentence)
})
