import { backboneFor, backboneIds } from '@gauntlet/backbones'
import { backboneCatalogue } from '@gauntlet/study'
import { describe, expect, it } from 'vitest'

/** Backbones for comparison with timm, under timm's name for their weights. Studies name them by their own source. */
const notCatalogued = ['efficientnet_lite0.ra_in1k']

describe('the catalogue of the vocabulary and the registry of backbones', () => {
  it('name the same backbones: the 40 of the study, and the one in a package registry', () => {
    const catalogued = backboneCatalogue.map(({ id }) => id)
    expect(catalogued).toHaveLength(41)
    expect([...backboneIds].sort()).toEqual([...catalogued, ...notCatalogued].sort())
  })

  it.each(backboneCatalogue.filter(({ id }) => backboneIds.includes(id)))(
    'give $id the same family, $family',
    ({ id, family }) => {
      expect(backboneFor(id).family).toBe(family)
    },
  )
})
