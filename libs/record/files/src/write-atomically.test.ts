import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { diskFullOr } from './disk-full.mjs'
import { emptyFolder } from './empty-folder.fixture.ts'
import { writeAtomically, writeFileAtomically, writePiecesAtomically } from './write-atomically.mjs'

async function* pieces(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text)
}

describe('a file written atomically', () => {
  it('replaces the old one, with the mode asked for and in folders that are made for it', async () => {
    const path = join(emptyFolder(), 'some', 'folder', 'file')
    await writeFileAtomically(path, 'old')
    await writeFileAtomically(path, Buffer.from('new'), 0o600)
    expect(readFileSync(path, 'utf8')).toBe('new')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readdirSync(join(path, '..'))).toEqual(['file'])
  })

  it('is on the disk before it has its name, and its name and new folders before it is done', async () => {
    const folder = emptyFolder()
    const path = join(folder, 'some', 'folder', 'file')
    const handle = await open(folder, 'r')
    const sync = vi.spyOn(Object.getPrototypeOf(handle) as FileHandle, 'sync')
    const synced: string[] = []
    sync.mockImplementation(async function (this: FileHandle) {
      const name = relative(folder, readlinkSync(`/proc/self/fd/${this.fd}`))
      synced.push(name.endsWith('.tmp') ? 'content' : existsSync(path) ? `${name} with the file` : name)
      await this.datasync()
    })
    await writeFileAtomically(path, 'content').finally(() => sync.mockRestore())
    await handle.close()
    expect(synced).toEqual(['', 'some', 'content', 'some/folder with the file'])
  })

  it('may be named by a path relative to the current folder', async () => {
    const path = relative(process.cwd(), join(emptyFolder(), 'folder', 'file'))
    await writeFileAtomically(path, 'content')
    expect(readFileSync(path, 'utf8')).toBe('content')
  })

  it('is seen by a reader as the old one or the new one, never as a part', async () => {
    const path = join(emptyFolder(), 'file')
    const contents = Array.from({ length: 20 }, (_, i) => String(i % 10).repeat(200_000))
    await writeFileAtomically(path, contents[0]!)
    const writing = Promise.all(contents.map((content) => writeFileAtomically(path, content)))
    for (let i = 0; i < 20; i++) {
      expect(contents).toContain(readFileSync(path, 'utf8'))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await writing
  })

  it('stays as it was, and nothing is left beside it, when writing fails', async () => {
    const folder = emptyFolder()
    const path = join(folder, 'file')
    writeFileSync(path, 'old')
    async function* failing() {
      yield Buffer.from('new')
      throw new Error('the source ended')
    }
    const check = () => {
      throw new Error('another digest')
    }
    await expect(writePiecesAtomically(failing(), path)).rejects.toThrow('the source ended')
    await expect(writePiecesAtomically(pieces('new'), path, { check })).rejects.toThrow('another digest')
    await expect(writePiecesAtomically(pieces('new'), path, { signal: AbortSignal.abort() })).rejects.toThrow('aborted')
    expect([readdirSync(folder), readFileSync(path, 'utf8')]).toEqual([['file'], 'old'])
  })

  it('comes with the removal of what killed processes of this host have left beside it, and of nothing else', async () => {
    const folder = emptyFolder()
    const left = await leftByAKill(join(folder, 'file'))
    const living = left.replace(/-\d+-/, `-${process.ppid}-`)
    const others = [living, 'file.0badc0de-999999999-abcdef.tmp', 'mine.tmp', left.replace(/\.tmp$/, '')]
    for (const name of others) writeFileSync(join(folder, name), '')
    await writeFileAtomically(join(folder, 'file'), '')
    expect(readdirSync(folder).sort()).toEqual([...others, 'file'].sort())
  })

  it('may get its name from what was written', async () => {
    const folder = emptyFolder()
    await writeAtomically(join(folder, 'temporary', 'draft'), 0o444, async (file) => {
      await file.writeFile('content')
      return join(folder, 'named', 'file')
    })
    expect(statSync(join(folder, 'named', 'file')).mode & 0o777).toBe(0o444)
    expect(readdirSync(join(folder, 'temporary'))).toEqual([])
  })

  it('of pieces comes with its SHA-256, and with what each piece had', async () => {
    const path = join(emptyFolder(), 'file')
    const seen: number[] = []
    const digest = await writePiecesAtomically(pieces('one', 'three'), path, { onBytes: (bytes) => seen.push(bytes) })
    expect(digest).toBe(createHash('sha256').update('onethree').digest('hex'))
    expect(seen).toEqual([3, 5])
  })

  it('is refused in one sentence when the disk is full, and with the error as it is otherwise', async () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
    expect(diskFullOr(full, '/a/file')).toMatchObject({
      name: 'DiskFull',
      message:
        'The disk is full while writing /a/file; free some space and start again, what is there already is kept.',
    })
    expect(diskFullOr(new Error('other'), '/a/file')).toEqual(new Error('other'))
    const file = join(emptyFolder(), 'file')
    writeFileSync(file, '')
    await expect(writeFileAtomically(join(file, 'below', 'it'), '')).rejects.toMatchObject({ code: 'ENOTDIR' })
  })
})

/** Writes a file as another process, and gives the name of what is left beside it once that process is killed. */
async function leftByAKill(path: string): Promise<string> {
  const script = `
    import { writePiecesAtomically } from ${JSON.stringify(new URL('./write-atomically.mjs', import.meta.url).href)}
    setInterval(() => {}, 1000)
    async function* endless() {
      yield Buffer.from('half')
      process.stdout.write('written')
      await new Promise(() => {})
    }
    await writePiecesAtomically(endless(), ${JSON.stringify(path)})`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'exit')
  const [name] = readdirSync(dirname(path))
  return name!
}
