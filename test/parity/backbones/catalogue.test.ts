import { implementedBackbones } from '@gauntlet/backbones'
import { backboneCatalogue, backboneFacts } from '@gauntlet/study'
import { expect, it } from 'vitest'
import measured from './measured-backbones.json' with { type: 'json' }

/** In the catalogue, in no published table. */
const ours = ['tf_efficientnet_lite0.in1k']

it('has exactly the backbones of the published table of 1,440 rows, and the one of ours', () => {
  expect(measured.rows).toBe(1440)
  expect(backboneCatalogue.map(({ id }) => id).sort()).toEqual([...Object.keys(measured.backbones), ...ours].sort())
})

it.each(Object.entries(measured.backbones))('says of %s what the published table says', (id, said) => {
  expect(backboneFacts(id)).toMatchObject({
    size: said.model_size,
    familyType: said.model_type,
    pretrainingData: said.pre_training_dataset,
    pretrainingStrategy: said.pre_training_strategy,
    pretrainingImages: said.volume_pre_training_data,
  })
})

it('keeps ids for keys, since the short names of the published table stand for several', () => {
  const names = Object.values(measured.backbones).map(({ backbone_name: name }) => name)
  expect([names.length, new Set(names).size]).toEqual([40, 38])
})

it('is built: every backbone of the catalogue is in the registry', () => {
  expect(backboneCatalogue.map(({ id }) => id).filter((id) => !implementedBackbones.includes(id))).toEqual([])
})
