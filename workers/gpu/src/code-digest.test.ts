import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { rmSync } from 'node:fs'
import { codeDigest, staticImports, UnresolvedImport } from './code-digest.ts'

const folders: string[] = []
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })))

/** A folder of sources inside this workspace, so that packages are found. */
function sources(files: Record<string, string>): string {
  const folder = mkdtempSync(join(import.meta.dirname, 'digested-'))
  folders.push(folder)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return join(folder, 'entry.ts')
}

describe('codeDigest', () => {
  const entry = "import { b } from './b.ts'\nexport const a = b\n"

  it('follows imports: a change two files away changes it', () => {
    const file = sources({ 'entry.ts': entry, 'b.ts': "export * from './c.ts'\n", 'c.ts': 'export const b = 1\n' })
    const before = codeDigest(file)
    expect(codeDigest(file)).toBe(before)
    writeFileSync(join(file, '../c.ts'), 'export const b = 2\n')
    expect(codeDigest(file)).not.toBe(before)
  })

  it('leaves alone what is not imported', () => {
    const file = sources({ 'entry.ts': 'export const a = 1\n', 'b.ts': 'export const b = 1\n' })
    const before = codeDigest(file)
    writeFileSync(join(file, '../b.ts'), 'export const b = 2\n')
    expect(codeDigest(file)).toBe(before)
  })

  it('contains the packages from outside, by what the lock file pins', () => {
    const without = codeDigest(sources({ 'entry.ts': 'export const a = 1\n' }))
    expect(codeDigest(sources({ 'entry.ts': "import 'sharp'\nexport const a = 1\n" }))).not.toBe(without)
  })

  it('fails closed on an import that leads nowhere', () => {
    for (const source of ["import 'no-such-package'\n", "import { a } from '@gauntlet/no-such-room'\n"]) {
      expect(() => codeDigest(sources({ 'entry.ts': source }))).toThrow(UnresolvedImport)
    }
  })

  it('differs between the stages of this worker', () => {
    const stages = ['prepare-dataset', 'pretrain-load', 'fine-tune', 'checkpoint', 'perturb-and-evaluate']
    const digests = stages.map((stage) => codeDigest(join(import.meta.dirname, 'stages', `${stage}.ts`)))
    expect(new Set(digests).size).toBe(stages.length)
  })
})

describe('staticImports', () => {
  it('reads every form of import and export that names a module', () => {
    const source = [
      "import a from 'one'",
      "import { b,\n  type c } from 'two'",
      "export * from './three.ts'",
      "import 'four'",
      "const d = require('five')",
      "const e = await import('six')",
    ].join('\n')
    expect(staticImports(source)).toEqual(['one', 'two', './three.ts', 'four', 'five', 'six'])
  })

  it('takes neither types nor words in text for imports', () => {
    const source =
      "import type { a } from 'one'\nexport function b() {\n  // taken from 'two'\n  return 'from three'\n}\n"
    expect(staticImports(source)).toEqual([])
  })
})
