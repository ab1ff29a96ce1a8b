import { expect, it } from 'vitest'
import { addDataset } from './add-dataset.ts'
import { outlineStudy } from './study-file.ts'
import { tinyStudy } from './tiny-study.fixture.ts'

it('adds a dataset to a study, and leaves the comments and the rest as they are', () => {
  const commented = `# what for\n${tinyStudy}seeds: [1] # one\n`
  const added = addDataset(commented, 'f.study.yaml', { id: 'flowers', source: 'file:../my flowers' })
  for (const line of commented.split('\n').filter((each) => !each.startsWith('datasets'))) expect(added).toContain(line)
  const { cells, unpinned } = outlineStudy(added, 'f.study.yaml')
  expect(new Set(cells.map(({ dataset }) => dataset))).toEqual(new Set(['digits', 'flowers']))
  expect(unpinned).toMatchObject([{ source: 'file:../my flowers', wantsClasses: true }])
})

it('refuses an id that is there, and a file that is no study', () => {
  const entry = { id: 'digits', source: 'file:x' }
  expect(() => addDataset(tinyStudy, 'f.study.yaml', entry)).toThrow('has a dataset digits already')
  expect(() => addDataset('name: x', 'f.study.yaml', entry)).toThrow('no list of datasets')
})
