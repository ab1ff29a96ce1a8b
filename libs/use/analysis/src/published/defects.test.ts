import { describe, expect, it } from 'vitest'
import { publishedRows } from '../paper/published.fixture.ts'
import { defectCounts, publishedDefects } from './defects.ts'
import type { PublishedRow } from './published-table.ts'

const defects = publishedDefects(publishedRows)
const ofKind = (kind: string) => defects.filter((defect) => defect.kind === kind)

describe('the defects of the published measurements', () => {
  it('by kind', () => {
    expect(defectCounts(defects)).toEqual({
      'subset-of-images': 757,
      'not-a-count': 0,
      'mixed-denominators': 412,
      'robust-above-clean': 42,
      'at-chance': 383,
      'shared-display-name': 2,
      'no-weights-loaded': 2,
      'flagged-unreliable': 0,
    })
  })

  it('accuracies over a subset of the images, by perturbation', () => {
    const count = (name: string) =>
      ofKind('subset-of-images').filter(({ perturbation }) => perturbation === name).length
    expect(['clean', 'Linf', 'L2', 'L1', 'common'].map(count)).toEqual([191, 115, 111, 136, 204])
  })

  it('collapsed trainings, by protocol', () => {
    const protocols = new Map(publishedRows.map(({ row, protocol }) => [row, protocol]))
    const count = (protocol: string) =>
      ofKind('at-chance').filter(({ rows }) => protocols.get(rows[0]!) === protocol).length
    expect(['FFT-5', 'LP-50', 'FFT-50'].map(count)).toEqual([256, 103, 24])
  })

  it('backbones of one name, and backbones without weights', () => {
    expect(
      ofKind('shared-display-name')
        .map(({ message }) => message)
        .toSorted(),
    ).toEqual([
      "The name 'eva02_b,mim,ink22k' stands for eva02_base_patch14_224.mim_in22k and " +
        'eva02_tiny_patch14_224.mim_in22k; figures by name average them.',
      "The name 'vit_b,clip,laion2b' stands for vit_base_patch16_clip_224.laion2b and " +
        'vit_base_patch16_clip_224.laion2b_ft_in1k; figures by name average them.',
    ])
    expect(
      ofKind('no-weights-loaded')
        .map(({ message }) => message)
        .toSorted(),
    ).toEqual([
      'efficientnet-b0 loaded no weights, it seems: 11 of its 12 linear probes are at chance.',
      'mobilevit-small loaded no weights, it seems: 11 of its 12 linear probes are at chance.',
    ])
  })

  it('name their row and say what is wrong in one sentence', () => {
    expect(ofKind('subset-of-images')[0]).toEqual({
      kind: 'subset-of-images',
      rows: [2],
      perturbation: 'clean',
      message:
        'Row 2: clean 0.9555555555555556 is a share of 315 images, not of the 420 of uc-merced-land-use-dataset.',
    })
    for (const { rows, message } of defects) {
      expect(rows.length).toBeGreaterThan(0)
      expect(message).toMatch(/^[^\n]+[^.]\.$/)
    }
  })
})

describe('defects of other tables', () => {
  const row = (accuracies: Record<string, number | null>, dataset = 'caltech101'): PublishedRow => ({
    row: 2,
    backbone: 'b',
    dataset,
    loss: 'TRADES',
    protocol: 'FFT-50',
    accuracies,
    factors: { size: null, type: null, strategy: null },
    displayName: null,
  })

  it('a rounded accuracy is no count of the images', () => {
    expect(publishedDefects([row({ clean: 0.95505, Linf: 0.5 })])).toEqual([
      expect.objectContaining({ kind: 'not-a-count', perturbation: 'clean', rows: [2] }),
    ])
  })

  it('missing numbers, and datasets that the catalogue does not have, have none', () => {
    expect(publishedDefects([row({ clean: null, Linf: 0.5 }), row({ clean: 0.12345, Linf: 0.1 }, 'ours')])).toEqual([])
  })

  it('of a row may be several', () => {
    const kinds = publishedDefects([row({ clean: 0.01, Linf: 0.502, L1: 7 / 750 })]).map(({ kind }) => kind)
    expect(kinds).toEqual(['subset-of-images', 'mixed-denominators', 'robust-above-clean', 'at-chance'])
  })
})
