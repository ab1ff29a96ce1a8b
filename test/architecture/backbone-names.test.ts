import { backboneFor, implementedBackbones } from '@gauntlet/backbones'
import { backboneCatalogue } from '@gauntlet/study'
import { describe, expect, it } from 'vitest'

/** Built for comparison with timm, which calls these weights so; studies name them by where they really come from. */
const notCatalogued = ['efficientnet_lite0.ra_in1k']

describe('the vocabulary and the tensor rooms, which cannot import each other,', () => {
  it('name the same backbones: the 40 of the study, and the one a package registry holds', () => {
    const catalogued = backboneCatalogue.map(({ id }) => id)
    expect(catalogued).toHaveLength(41)
    expect([...implementedBackbones].sort()).toEqual([...catalogued, ...notCatalogued].sort())
  })

  it.each(backboneCatalogue.filter(({ id }) => implementedBackbones.includes(id)))(
    'put $id in one family, $family',
    ({ id, family }) => {
      expect(backboneFor(id).family).toBe(family)
    },
  )
})
