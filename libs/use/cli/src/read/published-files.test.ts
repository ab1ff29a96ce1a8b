import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { Misuse } from '../command-failed.ts'
import { readMapping, readPublishedFiles } from './published-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'gauntlet-published-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  return path
}

describe('published files', () => {
  it('of a table are its text, and the bytes as they are', async () => {
    const found = await readPublishedFiles(write('table.csv', '\uFEFFa,b\n1,2\n'))
    expect(found).toMatchObject({ name: 'table.csv', mediaType: 'text/csv', files: [{ text: 'a,b\n1,2\n' }] })
    expect(Buffer.from(found.bytes).toString()).toBe('\uFEFFa,b\n1,2\n')
  })

  it('of a folder are the entries below it in the order of their paths, kept as one document', async () => {
    write('info/cifar10/Linf/B.json', '{"b":1}')
    write('info/cifar10/L2/A.json', '{"a":1}')
    write('info/README.md', 'none')
    const { files, bytes, mediaType } = await readPublishedFiles(join(folder, 'info'))
    expect(files.map(({ path, text }) => [path.split('/').slice(-3).join('/'), text])).toEqual([
      ['cifar10/L2/A.json', '{"a":1}'],
      ['cifar10/Linf/B.json', '{"b":1}'],
    ])
    expect(mediaType).toBe('application/json')
    const kept = { 'cifar10/L2/A.json': '{"a":1}', 'cifar10/Linf/B.json': '{"b":1}' }
    expect(JSON.parse(Buffer.from(bytes).toString())).toEqual(kept)
  })

  it.each([
    ['is not there', () => join(folder, 'absent.csv'), 'There is no file'],
    ['is not text', () => write('latin.csv', Uint8Array.of(0x61, 0xe9, 0x0a)), 'is not UTF-8 text'],
  ])('refuses a file that %s', async (_, path, message) => {
    await expect(readPublishedFiles(path())).rejects.toThrow(Misuse)
    await expect(readPublishedFiles(path())).rejects.toThrow(message)
  })
})

describe('a mapping', () => {
  it('is read from JSON', async () => {
    const mapping = {
      columns: { backbone: 'model', dataset: 'data' },
      constants: { loss: 'l', protocol: 'p' },
      accuracies: { clean: 'acc' },
    }
    expect(await readMapping(write('mapping.json', JSON.stringify(mapping)))).toMatchObject(mapping)
  })

  it.each([
    ['is not there', () => join(folder, 'absent.json'), 'There is no file'],
    ['is not JSON', () => write('broken.json', 'columns: {}'), 'is not JSON'],
    ['says too little', () => write('empty.json', '{}'), 'The mapping says nothing of backbone'],
  ])('that %s is refused', async (_, path, message) => {
    await expect(readMapping(path())).rejects.toThrow(message)
  })
})
