import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { projectFolders, workspace } from '@gauntlet/infra/fixtures/workspace-copy'

/** Code with a slash that is no path of the repository: workflow ids, packages, addresses and the user's folders. */
const notInTheRepository = [
  'study/<digest>',
  'configuration/<configurationId>',
  '@gauntlet/<room>',
  '.gauntlet/',
  '~/.cache/gauntlet',
  '/api/openapi.json',
  'file:../flowers',
  'hf:datasets/<owner>/<name>/@main',
]

describe('the README', () => {
  const readme = readFileSync(join(workspace, 'README.md'), 'utf8')

  it('names paths that exist', () => {
    const paths = pathsIn(readme).filter((path) => !notInTheRepository.includes(path))
    expect(paths.length).toBeGreaterThan(40)
    expect(paths.filter((path) => !existsSync(join(workspace, path)))).toEqual([])
  })

  it('needs every exception to that', () => {
    expect(notInTheRepository.filter((text) => !pathsIn(readme).includes(text))).toEqual([])
  })

  it('names functions that are in the files beside them', () => {
    const rows = [...readme.matchAll(/^\| `(\w+)` +\| `([\w./-]+)`/gm)].map(([, name, file]) => ({ name, file }))
    expect(rows.length).toBeGreaterThan(3)
    expect(
      rows.filter(
        ({ name, file }) => !new RegExp(`function ${name}\\b`).test(readFileSync(join(workspace, file!), 'utf8')),
      ),
    ).toEqual([])
  })

  it('has every room in its map', () => {
    const map = readme.slice(readme.indexOf('## The map'))
    const missing = projectFolders().filter(({ folder }) => !new RegExp(`^\\| \`${folder}/?\``, 'm').test(map))
    expect(missing.map(({ folder }) => folder)).toEqual([])
  })

  it('names npm scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(workspace, 'package.json'), 'utf8')) as { scripts: object }
    const named = [...readme.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name!)
    expect(named.length).toBeGreaterThan(0)
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([])
  })
})

describe('pathsIn', () => {
  it('finds the words with a slash in code, and in code blocks those that begin with a folder of the top', () => {
    const text =
      'See `libs/nn` and `node --import tsx workers/a.ts`, not a/b.\n```sh\nx libs/cli --epsilon 4/255\n```\n'
    expect(pathsIn(text)).toEqual(['libs/nn', 'workers/a.ts', 'libs/cli'])
  })
})

function pathsIn(markdown: string): string[] {
  const blocks = [...markdown.matchAll(/^```[^]*?^```/gm)].map(([block]) => block)
  const inline = [...markdown.replaceAll(/^```[^]*?^```/gm, '').matchAll(/`([^`]+)`/g)].map(([, code]) => code!)
  return [
    ...inline.flatMap((code) => code.split(/\s+/)).filter((word) => word.includes('/')),
    ...blocks.flatMap((block) => block.match(/\b(libs|workflows|workers|infra|test)\/[\w./-]+/g) ?? []),
  ]
}
