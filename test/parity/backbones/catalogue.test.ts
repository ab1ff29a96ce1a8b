import { implementedBackbones } from '@gauntlet/backbones'
import { backboneCatalogue, backboneFacts } from '@gauntlet/study'
import { expect, it } from 'vitest'
import measured from './measured-backbones.json' with { type: 'json' }

/** The backbone of the catalogue that is in no published table. */
const ours = ['tf_efficientnet_lite0.in1k']

it('has exactly the backbones of the published table of 1,440 rows, and one more', () => {
  expect(measured.rows).toBe(1440)
  expect(backboneCatalogue.map(({ id }) => id).sort()).toEqual([...Object.keys(measured.backbones), ...ours].sort())
})

it.each(Object.entries(measured.backbones))('has the facts of %s that the published table has', (id, said) => {
  expect(backboneFacts(id)).toMatchObject({
    size: said.model_size,
    familyType: said.model_type,
    pretrainingData: said.pre_training_dataset,
    pretrainingStrategy: said.pre_training_strategy,
    pretrainingImages: said.volume_pre_training_data,
  })
})

it('uses ids as keys, since some short names of the published table mean several backbones', () => {
  const names = Object.values(measured.backbones).map(({ backbone_name: name }) => name)
  expect([names.length, new Set(names).size]).toEqual([40, 38])
})

it('has no backbone that is not implemented', () => {
  expect(backboneCatalogue.map(({ id }) => id).filter((id) => !implementedBackbones.includes(id))).toEqual([])
})
