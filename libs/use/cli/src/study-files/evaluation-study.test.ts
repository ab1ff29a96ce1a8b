import { outlineStudy } from '@gauntlet/study'
import { expect, it } from 'vitest'
import { evaluationStudy } from './evaluation-study.ts'

const study = {
  name: 'evaluate-mine',
  dataset: { id: 'digits' },
  backbone: 'resnet18',
  checkpoints: ['file:./a.pth', 'file:./b.pth'],
  inputContract: 'native',
  evaluator: 'apgd-ce',
}

it('writes a study that trains nothing, with a cell for each checkpoint', () => {
  const outline = outlineStudy(evaluationStudy(study, 'mine.yaml'), 'mine.yaml')
  expect(outline.cells.map(({ backbone, protocol, loss }) => [backbone, protocol, loss])).toEqual([
    ['resnet18@a', 'none', 'none'],
    ['resnet18@b', 'none', 'none'],
  ])
  expect(outline.perturbations.map(({ name }) => name)).toEqual(['clean', 'Linf', 'L2', 'L1', 'common'])
})

it('gives the resolution, the images and the metric where they are asked for', () => {
  const dataset = { id: 'digits', metric: 'mean-per-class' }
  const text = evaluationStudy({ ...study, dataset, resolution: 64, testImages: 20 }, 'asked.yaml')
  expect(text).toContain('npx gauntlet run asked.yaml')
  expect(evaluationStudy(study, 'my studies/asked.yaml')).toContain("npx gauntlet run 'my studies/asked.yaml'\n")
  const { datasets } = outlineStudy(text, 'f')
  expect(datasets.get('digits')).toMatchObject({ resolution: 64, testImages: 20, metric: 'mean-per-class' })
})
