import { backboneFor, implementedBackbones } from '@gauntlet/backbones'
import { backboneCatalogue } from '@gauntlet/study'
import { describe, expect, it } from 'vitest'

/** A backbone for comparison with timm, under timm's name for its weights; no study names it. */
const notCatalogued = ['efficientnet_lite0.ra_in1k']

describe('the catalogue of studies and the registry of backbones', () => {
  it('name the same backbones: the 40 of the study, and the one in a package registry', () => {
    const catalogued = backboneCatalogue.map(({ id }) => id)
    expect(catalogued).toHaveLength(41)
    expect([...implementedBackbones].sort()).toEqual([...catalogued, ...notCatalogued].sort())
  })

  it.each(backboneCatalogue.filter(({ id }) => implementedBackbones.includes(id)))(
    'give $id the same family, $family',
    ({ id, family }) => {
      expect(backboneFor(id).family).toBe(family)
    },
  )
})
