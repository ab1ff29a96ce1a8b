import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { GauntletHome } from './gauntlet-home.fixture.ts'

/*
 * A Node.js with which the engine does not compute: one whose `util` is not what tfjs takes it for, as that of Node 23
 * was.
 */

const home = new GauntletHome()
const flaw = join(home.folder, 'flaw.cjs')
writeFileSync(flaw, `Object.defineProperty(require('node:util'), 'isArray', { value: undefined, writable: false })`)
const flawed = new GauntletHome({ variables: { NODE_OPTIONS: `--require "${flaw}"` } })
afterAll(() => Promise.all([home.remove(), flawed.remove()]))

const sentence =
  /^engine: It does not compute \(Cannot assign to read only property 'isArray' [^\n]*\); delete [^\n]*\.\n$/

it('doctor computes, and says what to change where the engine is there and does not', async () => {
  const { code, stdout, stderr } = await flawed.run('doctor')
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(sentence) })
  expect(stdout).toMatch(/^engine +wrong/m)
})

it('run ends with the same sentence before any work', async () => {
  const ended = await flawed.run('run', 'smoke')
  expect(ended).toEqual({ code: 1, stdout: '', stderr: expect.stringMatching(sentence) })
  expect(flawed.services()).toEqual([])
  expect(existsSync(join(flawed.folder, 'artifacts'))).toBe(false)
})
