import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { tf } from '../tf.ts'
import { float16, float32, type Precision } from '../graphs/precision.ts'
import { ProgramBuilder } from './program-builder.ts'

let cache: string
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'gauntlet-programs-'))
  vi.stubEnv('GAUNTLET_CACHE', cache)
  return () => {
    vi.unstubAllEnvs()
    rmSync(cache, { recursive: true })
  }
})

const kept = () => readdirSync(join(cache, 'programs')).map((name) => join(cache, 'programs', name))

/** Captures and loads `x · factor`. Gives the agreement of its first replay, and its result for 3. */
function loaded(factor: number, precision: Precision = float32) {
  const builder = new ProgramBuilder({ total: tf.scalar(1) })
  const scaled = builder.capture('scaled', ({ x }) => ({ outputs: x!.mul(factor) }), { x: tf.scalar(2) })
  const session = builder.finish(precision)
  const [agreement, value] = [session.agreements.get('scaled')!, session.run(scaled, { x: tf.scalar(3) }).arraySync()]
  session.dispose()
  return { agreement, value }
}

describe('agreements of first replays', () => {
  it('are read for the same graph, which is not checked again', () => {
    loaded(5)
    const [file] = kept()
    writeFileSync(file!, readFileSync(file!, 'utf8').replace('"deviation":0', '"deviation":0.25'))
    expect(loaded(5)).toMatchObject({ agreement: { deviation: 0.25 }, value: 15 })
    expect(kept()).toEqual([file])
  })

  it('are kept for each graph, precision and kind of machine', () => {
    loaded(5)
    loaded(6)
    loaded(5, float16)
    vi.stubEnv('TF_NUM_INTRAOP_THREADS', '3')
    loaded(5)
    expect(kept()).toHaveLength(4)
  })

  it.each(['', '{"scaled":', '{"scaled":{"deviation":null}}', '{}'])(
    'are made anew where a file holds %j',
    (damaged) => {
      loaded(5)
      const [file] = kept()
      const before = readFileSync(file!, 'utf8')
      writeFileSync(file!, damaged)
      expect(loaded(5).agreement).toMatchObject({ exact: true, deviation: 0 })
      expect(readFileSync(file!, 'utf8')).toBe(before)
    },
  )

  it('are not kept where there is no cache folder', () => {
    vi.stubEnv('GAUNTLET_CACHE', undefined)
    loaded(5)
    expect(readdirSync(cache)).toEqual([])
  })
})
