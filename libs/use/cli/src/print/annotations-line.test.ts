import { expect, it } from 'vitest'
import { annotationsLine } from './annotations-line.ts'

const nothing = { owner: null, labels: [], notes: null, extends: null }

it('says in a line what people have written about a study, and nothing where they have not', () => {
  expect(annotationsLine(nothing)).toBeNull()
  expect(annotationsLine({ ...nothing, owner: 'Ada', labels: ['paper', 'table 2'], notes: 'Seeds agreed.' })).toBe(
    'owner Ada · labels paper, table 2 · Seeds agreed.',
  )
  expect(annotationsLine({ ...nothing, notes: 'first\nsecond' })).toBe('first…')
})

it('lets no text draw over the terminal', () => {
  expect(annotationsLine({ ...nothing, notes: '\u001b[2Jgone\u009b1m' })).toBe(' [2Jgone 1m')
})
