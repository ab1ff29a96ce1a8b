import { analyzeStudy } from '@gauntlet/analysis'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { measuredInput, publishedInput } from '../report-input.fixture.ts'
import { proxyTable } from '../tables/relations.ts'
import { atlasFigure } from './atlas.ts'
import { correlationFigure, proxyFigure, scatterFigure } from './points.ts'
import { effectsFigure, oddsFigure, rankingFigure } from './rows.ts'
import { linearScale, logScale } from './scale.ts'

describe('scales', () => {
  it('are monotone, hold what they were made for and begin and end at ticks', () => {
    const number = fc.integer({ min: -1_000_000, max: 1_000_000 }).map((thousandths) => thousandths / 1000)
    fc.assert(
      fc.property(number, number, (a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)]
        const { at, ticks } = linearScale(low, high, 0, 100)
        expect(ticks.length).toBeGreaterThanOrEqual(2)
        expect(ticks.length).toBeLessThanOrEqual(9)
        expect(at(ticks[0]!)).toBeCloseTo(0, 6)
        expect(at(ticks.at(-1)!)).toBeCloseTo(100, 6)
        expect(at(low)).toBeGreaterThan(-1e-6)
        expect(at(high)).toBeLessThan(100 + 1e-6)
        expect(at(high)).toBeGreaterThanOrEqual(at(low))
      }),
    )
  })

  it('draw what is beyond a logarithmic axis at its ends', () => {
    const { at, ticks } = logScale(0.01, 100, 0, 40)
    expect(ticks).toEqual([0.01, 0.1, 1, 10, 100])
    expect([0, 0.001, 0.01, 1, Infinity].map(at)).toEqual([0, 0, 0, 20, 40])
  })
})

describe('figures', () => {
  const { analysis } = publishedInput()
  const best = analysis.protocols['FFT-50']!
  const cheap = analysis.protocols['FFT-5']!

  it('of the ranking have a mark for each configuration and a row for each backbone', () => {
    const { svg } = rankingFigure('FFT-50', best, null)!
    expect(svg.match(/<circle/g)).toHaveLength(40 + 1) // and one in the legend
    expect(svg.match(/text-anchor="end"/g)).toHaveLength(40)
  })

  it('of clean against robust accuracy and of proxies have a named mark for each configuration', () => {
    for (const figure of [scatterFigure('FFT-50', best)!, proxyFigure('FFT-5', cheap)!])
      expect(figure.svg.match(/<g><title>/g)).toHaveLength(80)
    expect(proxyFigure('FFT-50', best)).toBeNull()
  })

  it('of proxies are over the datasets that both protocols have, and name them', () => {
    const input = measuredInput({ protocols: ['FFT-50', 'FFT-5'], datasets: ['digits', 'cars'] })
    const rows = input.study.rows.filter(({ protocol, dataset }) => protocol === 'FFT-5' || dataset === 'cars')
    const partial = analyzeStudy({ ...input.study, rows }).protocols['FFT-5']!
    expect(proxyFigure('FFT-5', partial)!.description).toContain('of 6 configurations over cars, with')
    expect(proxyTable('FFT-5', partial)!.note).toContain('over the datasets that both have (cars)')
  })

  it('of the atlas draw an image that fell, and none that held', () => {
    const [atlas] = measuredInput().atlases
    const { svg, description } = atlasFigure(atlas!)!
    expect(svg.match(/<path/g)).toHaveLength(6)
    expect(description).toMatch(/^40 images of digits under clean, .* 6 models/)
    const held = atlas!.rows.map((row) => ({ ...row, held: row.held.map(() => 0xffffffff) }))
    expect(atlasFigure({ ...atlas!, rows: held })!.svg).toMatch(/<path d="" /)
  })

  it('say in words what they show, and are numbers throughout', () => {
    const all = [
      rankingFigure('FFT-50', best, null),
      effectsFigure('FFT-50', best),
      correlationFigure('FFT-50', best),
      oddsFigure('FFT-50', best),
      scatterFigure('FFT-50', best),
      proxyFigure('FFT-5', cheap),
    ]
    for (const figure of all) {
      expect(figure!.svg).toMatch(/role="img" aria-labelledby="[\w-]+-title [\w-]+-desc"/)
      expect(figure!.description.length).toBeGreaterThan(40)
      expect(figure!.svg).not.toMatch(/NaN|Infinity|undefined/)
    }
  })
})
