import { expect, it } from 'vitest'
import { parseSource } from './parse-source.ts'

it('takes the first two parts of an hf: source for its repository, and three for a dataset', () => {
  expect(parseSource('hf:timm/resnet50.a1_in1k/model.safetensors@main')).toMatchObject({
    repository: 'timm/resnet50.a1_in1k',
    file: 'model.safetensors',
  })
  expect(parseSource('hf:datasets/MaxHeuillet/RobustGenBench/folder/x.tar.zst@main')).toMatchObject({
    repository: 'datasets/MaxHeuillet/RobustGenBench',
    file: 'folder/x.tar.zst',
  })
})
