import { expect, it } from 'vitest'
import { addDataset } from './add-dataset.ts'
import { outlineStudy } from './study-file.ts'
import { tinyStudy } from './tiny-study.fixture.ts'

const entry = { id: 'flowers', source: 'file:../my flowers' }

it.each([
  ['in brackets', 'datasets: [digits] # which'],
  ['in wide brackets', 'datasets: [ digits ]'],
  ['over several lines', 'datasets: [\n  digits\n]'],
  ['with dashes', 'datasets:\n  - digits # one\n  # none'],
  ['with dashes at the margin', 'datasets:\n- digits'],
  ['with an object at the end', 'datasets:\n  - id: digits\n    images: { test: 10 }'],
])('adds a dataset to a list %s, and leaves the rest as it is written', (_, list) => {
  const text = `# what for\n${tinyStudy.replace('datasets: [digits]', list)}seeds: [ 1 ] # one\n`
  const added = addDataset(text, 'f.study.yaml', entry)
  const { cells, unpinned } = outlineStudy(added, 'f.study.yaml')
  expect(new Set(cells.map(({ dataset }) => dataset))).toEqual(new Set(['digits', 'flowers']))
  expect(unpinned).toMatchObject([{ source: 'file:../my flowers', wantsClasses: true }])
  const item = '{ id: "flowers", source: "file:../my flowers" }'
  expect(added.replace(new RegExp(`, ${item}|\\n *- ${item}`), '')).toBe(text)
})

it('refuses an id that is there, and a file that is no study', () => {
  expect(() => addDataset(tinyStudy, 'f.study.yaml', { ...entry, id: 'digits' })).toThrow(
    'has a dataset digits already',
  )
  expect(() => addDataset('name: x', 'f.study.yaml', entry)).toThrow('no list of datasets')
})
