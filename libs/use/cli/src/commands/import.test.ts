import { emptyFolder } from '@gauntlet/files/fixtures/empty-folder'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { callCommand } from './call-command.fixture.ts'
import { addImport } from './import.ts'

it('looks at a file before it asks for a name', async () => {
  const [picture, table] = ['picture.png', 'table.csv'].map((name) => join(emptyFolder(), name))
  writeFileSync(picture!, Buffer.from([0x89, 0x50, 0xff]))
  writeFileSync(table!, 'no,such,table\n')
  await expect(callCommand(addImport, 'import', picture!)).rejects.toThrow('is not UTF-8 text')
  await expect(callCommand(addImport, 'import', table!)).rejects.toThrow('The table has a header and')
})
