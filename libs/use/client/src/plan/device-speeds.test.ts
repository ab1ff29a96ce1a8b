import type { BackboneSpeed } from '@gauntlet/contract'
import { digestOf } from '@gauntlet/study'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { keepSpeeds, readSpeeds, speedsFile, speedsOf, SpeedsUnreadable } from './device-speeds.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'gauntlet-speeds-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const device = (name: string) => ({ device: name, environment: { device: name }, environmentClass: digestOf(name) })
const speed = (changes: Partial<BackboneSpeed> = {}): BackboneSpeed => ({
  backbone: 'a',
  resolution: 32,
  batch: 8,
  forward: 100,
  gradient: 50,
  update: 30,
  ...changes,
})

describe('kept speeds', () => {
  it('are none where nothing was measured', () => {
    expect(readSpeeds(home)).toEqual([])
  })

  it('are found by the class of the device they were measured on', async () => {
    await keepSpeeds(home, device('cpu X'), [speed()], new Date(0))
    await keepSpeeds(home, device('gpu Y'), [speed({ forward: 9_000 })])
    expect(speedsOf(home, digestOf('cpu X'))).toEqual([
      { ...device('cpu X'), ...speed(), measuredAt: '1970-01-01T00:00:00.000Z' },
    ])
    expect(speedsOf(home, digestOf('gpu Y')).map(({ forward }) => forward)).toEqual([9_000])
    expect(readdirSync(home)).toEqual(['device-speeds.json'])
  })

  it('are replaced by later ones of the same backbone, resolution and device, and by no others', async () => {
    await keepSpeeds(home, device('cpu X'), [speed(), speed({ resolution: 64 }), speed({ backbone: 'b' })])
    await keepSpeeds(home, device('cpu X'), [speed({ forward: 1 })])
    expect(readSpeeds(home).map(({ backbone, resolution, forward }) => [backbone, resolution, forward])).toEqual([
      ['a', 64, 100],
      ['b', 32, 100],
      ['a', 32, 1],
    ])
  })

  it.each(['', '{}', '[]', '{"speeds":[null]}', '{"speeds":[{"backbone":"a"}]}', '{"speeds":[{"forward":0}]}'])(
    'that are %j are refused with what to do',
    (text) => {
      writeFileSync(speedsFile(home), text)
      expect(() => readSpeeds(home)).toThrow(SpeedsUnreadable)
      expect(() => readSpeeds(home)).toThrow(/delete it and measure again/)
    },
  )
})
