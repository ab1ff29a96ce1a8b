import { describe, expect, it } from 'vitest'
import { heldAt, packOutcomes } from '../outcomes/packed-bits.ts'
import { rank } from '../paper/rank.ts'
import { nestedBootstrap } from '../uncertainty/nested-bootstrap.ts'
import { measuredStudy } from './measured-study.fixture.ts'
import { bootstrapRanking, compareWithLeader, studyAtlases } from './study-outcomes.ts'

const options = { protocol: 'FFT-50', draws: 200 }

describe('the bootstrap of a study', () => {
  const { study, outcomes } = measuredStudy({ datasets: ['digits', 'cars'], seeds: [1, 2, 3] })

  it('is in the order of the ranking, with its ranks and all seeds', () => {
    const { configurations, draws } = bootstrapRanking(study, outcomes, options)!
    const ranked = rank(study.rows, options)
    expect(draws).toBe(200)
    expect(configurations.map(({ backbone, loss, rank: place }) => [backbone, loss, place])).toEqual(
      ranked.map(({ backbone, loss, rank: place }) => [backbone, loss, place]),
    )
    expect(configurations.every(({ seeds }) => seeds === 3)).toBe(true)
    expect(configurations.reduce((sum, { firstShare }) => sum + firstShare, 0)).toBeCloseTo(1, 12)
  })

  it('is the nested bootstrap of the outcomes', () => {
    const { study, outcomes } = measuredStudy({ losses: ['TRADES'] })
    const byRank = study.rows.toReversed() // later backbones hold more
    const set = study.perturbations.map(({ name }) =>
      byRank.map(({ origins }) => {
        const origin = origins[name]!
        return [outcomes.get(origin.kind === 'measured' ? origin.outcomesDigest : '')!.held]
      }),
    )
    const expected = nestedBootstrap([{ name: 'digits', images: 40, outcomes: set }], { by: 'borda', draws: 200 })
    const { configurations, leaderStaysFirst } = bootstrapRanking(study, outcomes, options)!
    expect(configurations.map(({ rankInterval }) => rankInterval)).toEqual(
      expected.configurations.map(({ rankInterval }) => rankInterval),
    )
    expect(leaderStaysFirst).toBe(expected.leaderStaysFirst)
  })

  it('leaves out a configuration that does not have every seed on every dataset, as the ranking does', () => {
    const rows = study.rows.filter(
      ({ backbone, dataset, seed }) => !(backbone === 'backbone 2' && dataset === 'cars' && seed === 3),
    )
    const { configurations } = bootstrapRanking({ ...study, rows }, outcomes, options)!
    const seeds = new Set(configurations.map((one) => `${one.backbone} ${one.seeds}`))
    expect([...seeds].sort()).toEqual(['backbone 0 3', 'backbone 1 3'])
  })

  it('is of the configurations and seeds that are ranked, with the leader of the ranking', () => {
    const { study, outcomes } = measuredStudy({ backbones: 3, losses: ['CE'], seeds: [1, 2] })
    const all = { ...[...outcomes.values()][0]!, held: packOutcomes(Array.from({ length: 40 }, () => true)) }
    const rows = study.rows.map((row) => {
      if (row.backbone !== 'backbone 0' || row.seed !== 2) return row
      const { L1: _, ...origins } = row.origins
      const best = Object.entries(origins).map(([name, origin]) => [name, { ...origin, outcomesDigest: 'all' }])
      return {
        ...row,
        accuracies: { clean: 1, Linf: 1, L2: 1, common: 1, L1: null },
        origins: Object.fromEntries(best),
      }
    })
    for (const by of ['sum', 'borda'] as const) {
      const chosen = { ...options, by }
      const found = bootstrapRanking({ ...study, rows }, new Map(outcomes).set('all', all), chosen)!
      const ranked = rank(rows, chosen)
      expect(found.configurations.map((one) => [one.backbone, one.rank, one.seeds])).toEqual(
        ranked.map((one) => [one.backbone, one.rank, one.seeds]),
      )
      expect(found.configurations[0]!.score).toBeCloseTo(ranked[0]![by], 10)
      expect(found.leaderStaysFirst).toBe(found.configurations[0]!.firstShare)
      expect(found.leftOut).toEqual([])
    }
  })

  it('leaves out only the configuration of which no seed is complete', () => {
    const rows = study.rows.map((row) =>
      row.backbone === 'backbone 0' ? { ...row, accuracies: { ...row.accuracies, L1: null } } : row,
    )
    const { configurations } = bootstrapRanking({ ...study, rows }, outcomes, options)!
    expect(new Set(configurations.map(({ backbone }) => backbone))).toEqual(new Set(['backbone 1', 'backbone 2']))
  })

  it('names a ranked configuration of which outcomes are not at hand, and says nothing of a leader that it lacks', () => {
    const [leader] = rank(study.rows, options)
    const row = study.rows.find(({ backbone, loss }) => backbone === leader!.backbone && loss === leader!.loss)!
    const origin = row.origins['L1']!
    const fewer = new Map(outcomes)
    if (origin.kind === 'measured') fewer.delete(origin.outcomesDigest)
    const found = bootstrapRanking(study, fewer, options)!
    expect(found.leftOut).toEqual([
      { backbone: 'backbone 2', loss: 'TRADES', reason: 'the outcomes of 1 of its 30 numbers are not at hand' },
    ])
    expect(found.configurations).toHaveLength(5)
    expect(found.leaderStaysFirst).toBeNull()
  })

  it('leaves out a configuration whose seeds differ between datasets, which the ranking averages', () => {
    const uneven = study.rows.filter(({ dataset, seed }) => dataset === 'digits' || seed === 1)
    expect(rank(uneven, options)).toHaveLength(6)
    expect(bootstrapRanking({ ...study, rows: uneven }, outcomes, options)).toBeNull()
  })

  it('is not defined where outcomes are not at hand, nor over different images', () => {
    expect(bootstrapRanking(study, new Map(), options)).toBeNull()
    const [digest, first] = [...outcomes][0]!
    const others = new Map(outcomes).set(digest, { ...first, images: first.images.toReversed() })
    expect(bootstrapRanking(study, others, options)).toBeNull()
  })
})

describe('the atlases of a study', () => {
  it('are one for each dataset and perturbation, with a row for each model', () => {
    const { study, outcomes } = measuredStudy({ datasets: ['digits', 'cars'], seeds: [1, 2] })
    const atlases = studyAtlases(study, outcomes)
    expect(atlases.map(({ dataset, perturbation }) => `${dataset} ${perturbation}`)).toHaveLength(10)
    const [first] = atlases
    expect(first).toMatchObject({ dataset: 'digits', perturbation: 'clean', images: 40, models: 12 })
    expect(first!.rows[0]!.model).toBe('backbone 0 · Classic AT · FFT-50 · seed 1')
    expect(first!.agreement.models).toHaveLength(12)
  })

  it('leave out numbers that are not used', () => {
    const { study, outcomes } = measuredStudy()
    const rows = study.rows.map((row, i) => (i === 0 ? { ...row, accuracies: { ...row.accuracies, L1: null } } : row))
    const models = studyAtlases({ ...study, rows }, outcomes).map(({ models }) => models)
    expect(models).toEqual([6, 6, 6, 5, 6])
  })
})

describe('the leader compared with its rivals', () => {
  const { study, outcomes } = measuredStudy()
  const compared = compareWithLeader(study, outcomes, { protocol: 'FFT-50' })

  it('is compared on the same images, under every perturbation', () => {
    expect(compared).toHaveLength(10)
    expect(new Set(compared.map(({ leader }) => leader))).toEqual(new Set(['backbone 2 · TRADES']))
    const heldBy = (backbone: string, loss: string) => {
      const origin = study.rows.find((row) => row.backbone === backbone && row.loss === loss)!.origins['Linf']!
      const { held } = outcomes.get(origin.kind === 'measured' ? origin.outcomesDigest : '')!
      return Array.from({ length: 40 }, (_, i) => heldAt(held, i))
    }
    const [own, theirs] = [heldBy('backbone 2', 'TRADES'), heldBy('backbone 2', 'Classic AT')]
    const found = compared.find(
      ({ rival, perturbation }) => rival === 'backbone 2 · Classic AT' && perturbation === 'Linf',
    )
    expect(found).toMatchObject({
      onlyLeader: own.filter((held, i) => held && !theirs[i]).length,
      onlyRival: own.filter((held, i) => !held && theirs[i]).length,
    })
  })

  it('has p-values adjusted over all comparisons', () => {
    for (const { pValue, adjustedPValue } of compared) expect(adjustedPValue).toBeGreaterThanOrEqual(pValue)
    const smallest = compared.toSorted((a, b) => a.pValue - b.pValue)[0]!
    expect(smallest.adjustedPValue).toBeCloseTo(Math.min(1, 10 * smallest.pValue), 12)
  })
})
