import type { DatasetReport } from '@gauntlet/datasets/inspection'
import { expect, it } from 'vitest'
import { idOf } from '../commands/datasets-add.ts'
import { renderReport } from './dataset-report.ts'

const report: DatasetReport = {
  format: 'a folder for each class',
  splitsAre: 'drawn',
  images: 1201,
  classes: [
    { name: 'daisy', train: 500, validation: 90, test: 150 },
    { name: 'rose', train: 320, validation: 60, test: 81 },
  ],
  sizes: ['20 × 20', '300 × 200', '4000 × 3000'],
  encodings: { jpeg: 1200, png: 1 },
  remarks: ['The labels run from 1 to 2; …'],
  unreadable: [{ name: 'rose/x.jpg', wrong: 'is empty' }],
  passedOver: [{ reason: 'hidden', names: ['.a', '.b', '.c', '.d', '.e', '.f'] }],
  duplicatesDropped: { train: 2, validation: 1 },
  contradictions: [['a.png', 'b.png']],
  alike: [{ splits: ['train', 'test'], names: ['a.png', 'c.png'], sameLabel: false }],
}

it('is a table of classes with their sum, and a line for each fact', () => {
  const lines = renderReport('flowers', report).split('\n')
  expect(lines[0]).toBe('flowers: a folder for each class; 1,201 images in 2 classes; splits are drawn')
  expect(lines.find((line) => line.startsWith('all'))).toMatch(/^all +820 +150 +231$/)
  for (const line of [
    'sizes: 20 × 20 to 4000 × 3000 pixels, half of them up to 300 × 200; 1,200 jpeg, 1 png',
    'The labels run from 1 to 2; …',
    'passed over: 6 hidden: .a, .b, .c, .d, .e, … (6)',
    '3 images left out of train or validation, whose bytes are in a later split too',
    '1 image under two labels: a.png = b.png',
    '1 pair of different splits look alike, which a study keeps: a.png ~ c.png (train, test, other label)',
    'cannot be read: rose/x.jpg (is empty)',
  ])
    expect(lines).toContain(line)
})

it.each([
  ['../my flowers/', 'my-flowers'],
  ['hf:datasets/someone/beans/@main', 'beans'],
  ['https://example.org/files/pets.tar.gz', 'pets'],
  ['file:/data/flowers-102_processed.tar.zst', 'flowers-102'],
  ['日本', 'data'],
])('makes of %s the id %s', (named, id) => {
  expect(idOf(named)).toBe(id)
})
