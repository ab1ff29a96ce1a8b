import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { recordedResults, type RecordedResults } from '../end-to-end/recorded-results.fixture.ts'
import { GauntletHome } from '../end-to-end/gauntlet-home.fixture.ts'
import { nodeProgram, pinnedNodes } from './pinned-nodes.ts'

/*
 * The smallest real study under every Node.js that people have: 10 rows each, from the same keys to the same artifacts.
 * This is why the version of Node is no part of the environment class. Half a minute a Node on two quiet cores.
 */

let first: RecordedResults['rows'] | undefined

describe.each(pinnedNodes)('Node.js $version', (pinned) => {
  let home: GauntletHome
  beforeAll(async () => {
    home = new GauntletHome({ node: await nodeProgram(pinned) })
  }, 300_000)
  afterAll(() => home.remove())

  it('has all that Gauntlet needs, and an engine that computes', async () => {
    const parts = await home.json<{ part: string; state: string; version?: string }[]>('doctor')
    expect(parts.find(({ part }) => part === 'node')?.version).toBe(pinned.version)
    expect(parts.filter(({ state }) => state !== 'ok')).toEqual([])
  }, 60_000)

  it('runs the smoke study to the same rows, from the same keys to the same bytes', async () => {
    expect(await home.json('run', 'smoke')).toHaveLength(10)
    const { rows } = await recordedResults(home, 'smoke')
    first ??= rows
    expect(Object.keys(rows)).toHaveLength(10)
    expect(rows).toEqual(first)
  }, 600_000)
})
