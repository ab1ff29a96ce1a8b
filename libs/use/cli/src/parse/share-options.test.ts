import { expect, it } from 'vitest'
import { ignoredShare } from './share-options.ts'

it('says of a study that runs already that it keeps its pools and its weight, and what to do', () => {
  expect(ignoredShare('on-b', { pool: 'b', weight: undefined })).toBe(
    'on-b runs already and keeps the pools and the weight that it was started with; for --pool to count, end it with npx gauntlet cancel and start it again, which keeps what is finished.',
  )
  expect(ignoredShare('on-b', { pool: 'b', weight: 3 })).toContain('for --pool and --weight to count')
  expect(ignoredShare('on-b', { pool: undefined, weight: undefined })).toBeNull()
})
