import { backboneFor, backboneIds } from '@gauntlet/backbones'
import { backboneCatalogue } from '@gauntlet/study'
import { describe, expect, it } from 'vitest'

/** A backbone for comparisons with timm, which names these weights so. Studies name them by their real origin. */
const notCatalogued = ['efficientnet_lite0.ra_in1k']

describe('the vocabulary and the tensor rooms, which cannot import each other,', () => {
  it('name the same backbones: the 40 of the study, and the one a package registry holds', () => {
    const catalogued = backboneCatalogue.map(({ id }) => id)
    expect(catalogued).toHaveLength(41)
    expect([...backboneIds].sort()).toEqual([...catalogued, ...notCatalogued].sort())
  })

  it.each(backboneCatalogue.filter(({ id }) => backboneIds.includes(id)))(
    'have $id in the same family, $family',
    ({ id, family }) => {
      expect(backboneFor(id).family).toBe(family)
    },
  )
})
