import { expect, it } from 'vitest'
import { configurationLabel, type Configuration } from '../configuration.ts'
import { expandStudy, outlineStudy, parseStudy } from '../study-file.ts'
import { withLock } from '../source-lock.ts'
import { tinyStudyWith as tiny } from '../tiny-study.fixture.ts'

const sha256 = 'a'.repeat(64)

/** The configurations of a study whose checkpoints are all pinned. */
function expand(changes: Record<string, string | null>): readonly Configuration[] {
  const text = tiny(changes)
  const sources = outlineStudy(text, 'f').unpinned.map(({ source }) => [source, { source, sha256 }] as const)
  return expandStudy(parseStudy(withLock(text, new Map(sources), 'f'), 'f')).configurations
}

const none = { protocols: '[none]', losses: null }

it('makes each checkpoint of a list a value of the backbone axis, named after its file', () => {
  const checkpoints = ['file:../runs/a/last.pth', 'file:../runs/b/last.pth', 'file:other%20one.safetensors']
  const configurations = expand({
    ...none,
    backbones: `[{ id: resnet18, checkpoints: ${JSON.stringify(checkpoints)} }]`,
  })
  expect(configurations.map(configurationLabel)).toEqual([
    'digits · resnet18@a/last · none · none · seed 1',
    'digits · resnet18@b/last · none · none · seed 1',
    'digits · resnet18@other one · none · none · seed 1',
  ])
  expect(configurations.map(({ backbone }) => backbone.source)).toEqual(checkpoints)
})

it('trains nothing under the protocol none, whatever the study’s losses and hyperparameters say', () => {
  const [own] = expand({ ...none, backbones: '[{ id: resnet18, source: file:a.pth }]' })
  const [same, ...trained] = expand({
    protocols: '[none, LP-1]',
    backbones: '[{ id: resnet18, source: file:a.pth }]',
    hyperparameters: '{ effectiveBatch: 32, microBatch: 32 }',
  })
  expect(own).toMatchObject({ loss: 'none', protocol: { id: 'none', trains: 'nothing', epochs: 0 } })
  const noChange = { horizontalFlip: false, colorJitter: 0, rotationDegrees: 0 }
  expect(own!.hyperparameters).toMatchObject({ cosine: false, effectiveBatch: 0, augmentation: noChange })
  expect(same).toEqual(own)
  expect(trained.map(({ loss }) => loss)).toEqual(['Classic AT', 'TRADES'])
})

it('lets a backbone have an input contract of its own, and a dataset its metric', () => {
  const [configuration] = expand({
    ...none,
    datasets: '[{ id: digits, metric: mean-per-class }]',
    backbones: '[{ id: resnet18, source: file:a.pth, inputContract: cifar10 }]',
  })
  expect(configuration).toMatchObject({ backbone: { inputContract: 'cifar10' }, dataset: { metric: 'mean-per-class' } })
})

it('takes architectures of timm with a tag of theirs and without one', () => {
  const labels = (backbones: string) => outlineStudy(tiny({ backbones }), 'f').unpinned.map(({ source }) => source)
  expect(labels('[resnet18, resnet18.tv_in1k]')).toEqual([
    'hf:timm/resnet18.a1_in1k/model.safetensors@main',
    'hf:timm/resnet18.tv_in1k/model.safetensors@main',
  ])
  expect(() => labels('[resnet18.no_such_tag]')).toThrow("'resnet18.no_such_tag' is not a known backbone")
  expect(() => labels('[wide_resnet28_10]')).toThrow('give a source or checkpoints')
})
