import type { Backbone } from '@gauntlet/backbones'
import type { ParameterKind, ParameterSpecification } from '@gauntlet/nn'
import { pixelContracts } from '@gauntlet/study'

const features = 4

/** The small model of make_checkpoints.py, in the order of its state dictionary. */
export const tinyBackbone: Backbone = {
  id: 'tiny',
  family: 'Tiny',
  features,
  pretrainedClasses: 3,
  resolution: { native: 8, minimum: 8 },
  classifier: 'fc',
  normalisation: pixelContracts.imageNet,
  specifications: (classes) => [
    tensor('conv1.weight', 'convolution', features, 3, 3, 3),
    tensor('bn1.weight', 'plain', features),
    tensor('bn1.bias', 'plain', features),
    tensor('bn1.running_mean', 'plain', features),
    tensor('bn1.running_var', 'plain', features),
    tensor('bn1.num_batches_tracked', 'counter'),
    ...linear('blocks.0'),
    ...linear('blocks.1'),
    { ...tensor('twin.weight', 'linear', features, features), trainable: false, sharedWith: 'blocks.0.weight' },
    { ...tensor('twin.bias', 'plain', features), trainable: false, sharedWith: 'blocks.0.bias' },
    tensor('fc.weight', 'linear', classes, features),
    tensor('fc.bias', 'plain', classes),
  ],
  convertCheckpoint: (arrays) => [...arrays],
  logits() {
    throw new Error('Only the names and shapes of this model are used.')
  },
}

function linear(name: string): ParameterSpecification[] {
  return [tensor(`${name}.weight`, 'linear', features, features), tensor(`${name}.bias`, 'plain', features)]
}

function tensor(name: string, kind: ParameterKind, ...shape: number[]): ParameterSpecification {
  return { name, kind, shape, trainable: true, decayed: true }
}
