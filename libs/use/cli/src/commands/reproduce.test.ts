import { expect, it } from 'vitest'
import { callCommand } from './call-command.fixture.ts'
import { addReproduce } from './reproduce.ts'

it.each(['0', 'x', '1-3'])('says that %s is no row, and does not look for a study of that name', async (row) => {
  await expect(callCommand(addReproduce, 'reproduce', 'smoke', row)).rejects.toThrow(
    `"${row}" is no row; the table of smoke numbers them.`,
  )
})
