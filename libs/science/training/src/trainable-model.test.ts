import { backboneFor } from '@gauntlet/backbones'
import { expect, it } from 'vitest'
import { trainableModel } from './trainable-model.ts'

it('takes the fresh classifier for the head, and all else for the backbone', () => {
  const { specifications } = trainableModel(backboneFor('efficientnet_lite0.ra_in1k'), 10)
  const head = specifications.filter(({ role }) => role === 'head').map(({ name }) => name)
  expect(head).toEqual(['classifier.weight', 'classifier.bias'])
})

it('lists a tensor that checkpoints hold under several names once, so that the optimiser moves it once', () => {
  const names = trainableModel(backboneFor('coat_tiny.in1k'), 10).specifications.map(({ name }) => name)
  expect(names).toHaveLength(326)
  expect(names).toContain('parallel_blocks.0.mlp2.fc1.weight')
  expect(names).not.toContain('parallel_blocks.0.mlp3.fc1.weight')
})
