import { outlineStudy } from '@gauntlet/study'
import { describe, expect, it } from 'vitest'
import { budgets, studyTemplate } from './study-template.ts'

const own = { id: 'flowers', source: 'file:../my flowers "é"' }
const template = {
  name: 'mine',
  backbones: ['tf_efficientnet_lite0.in1k', 'resnet50.a1_in1k'],
  losses: ['Classic AT', 'TRADES'],
  path: 'mine.study.yaml',
  cost: '1,000 forward-equivalents at most',
}

describe.each(budgets)('a study for a budget of %s', (budget) => {
  it.each([['digits'], [own]])('is one that can be read, with the paper’s five perturbations', (dataset) => {
    const study = outlineStudy(studyTemplate({ ...template, dataset, budget }), 'mine.study.yaml')
    expect(study.cells).toHaveLength(4)
    expect(study.perturbations.map(({ name }) => name)).toEqual(['clean', 'Linf', 'L2', 'L1', 'common'])
    const sources = study.unpinned.map(({ source }) => source)
    expect(sources.includes(own.source)).toBe(typeof dataset !== 'string')
  })
})

it('names the command that runs it so that it can be pasted, also where its folder has a space', () => {
  const text = studyTemplate({ ...template, dataset: 'digits', budget: 'hours', path: 'my studies/mine.study.yaml' })
  expect(text).toContain("npx gauntlet run 'my studies/mine.study.yaml'\n")
})
