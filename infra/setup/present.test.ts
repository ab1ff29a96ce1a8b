import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { examine, examineNode } from '../src/examine.ts'
import { missingEntries } from './complete-lock.mjs'
import { packagesArePresent } from './packages.mjs'
import { showProgress } from './progress.mjs'
import { temporalVersionOf } from './temporal-binary.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gauntlet-present-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('npm packages', () => {
  function present(wanted: object, installed: object): boolean {
    mkdirSync(join(folder, 'node_modules'), { recursive: true })
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ packages: { '': {}, ...wanted } }))
    writeFileSync(join(folder, 'node_modules', '.package-lock.json'), JSON.stringify({ packages: installed }))
    for (const path of Object.keys(installed)) {
      mkdirSync(join(folder, path), { recursive: true })
      writeFileSync(join(folder, path, 'package.json'), '{}')
    }
    return packagesArePresent(folder)
  }
  const one = { version: '1.0.0', integrity: 'sha512-a' }

  it('are present when what npm installed is what the lock names', () => {
    expect(present({ 'node_modules/a': one }, { 'node_modules/a': one, 'node_modules/more': one })).toBe(true)
    expect(packagesArePresent(root)).toBe(true)
  })

  it('are not present when one is missing, of another version or of other bytes', () => {
    expect(present({ 'node_modules/a': one }, {})).toBe(false)
    expect(present({ 'node_modules/a': one }, { 'node_modules/a': { ...one, version: '1.0.1' } })).toBe(false)
    expect(present({ 'node_modules/a': one }, { 'node_modules/a': { ...one, integrity: 'sha512-b' } })).toBe(false)
    expect(packagesArePresent(join(folder, 'nowhere'))).toBe(false)
  })

  it('are not present when one was deleted after npm had installed it', () => {
    expect(present({ 'node_modules/a': one }, { 'node_modules/a': one })).toBe(true)
    rmSync(join(folder, 'node_modules', 'a'), { recursive: true })
    expect(packagesArePresent(folder)).toBe(false)
  })

  it('may have any integrity where the lock knows none', () => {
    expect(present({ 'node_modules/a': { version: '1.0.0' } }, { 'node_modules/a': one })).toBe(true)
  })

  it('of other platforms need not be there, and those of this one must', () => {
    const optional = { ...one, optional: true }
    const other = process.platform === 'win32' ? 'linux' : 'win32'
    expect(present({ 'node_modules/a': { ...optional, os: [other], cpu: [process.arch] } }, {})).toBe(true)
    expect(present({ 'node_modules/a': { ...optional, os: [process.platform], cpu: [process.arch] } }, {})).toBe(false)
  })

  it('are in the lock for every platform, since npm ci refuses it elsewhere otherwise', () => {
    expect(Object.keys(missingEntries(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))))).toEqual([])
    const incomplete = {
      packages: { 'node_modules/a': { dev: true, optionalDependencies: { '@a/linux-arm-musleabihf': '2.0.0' } } },
    }
    const entry = { version: '2.0.0', cpu: ['arm'], dev: true, libc: ['musl'], optional: true, os: ['linux'] }
    expect(missingEntries(incomplete)).toEqual({ 'node_modules/@a/linux-arm-musleabihf': entry })
  })
})

describe('a Temporal binary', () => {
  it.each([
    ['temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)', '1.5.1'],
    ['temporal version 2.0.0 (Server 2.0.0, UI 3.0.0)', '2.0.0'],
    ['temporal version 1.1.0 (Server 1.25.0, UI 2.30.0)', undefined],
    ['something else', undefined],
  ])('whose version is %j is taken for %s', (said, version) => {
    const command = join(folder, 'temporal')
    writeFileSync(command, `#!/bin/sh\necho '${said}'\n`, { mode: 0o755 })
    expect(temporalVersionOf(command)).toBe(version)
  })
})

describe('progress', () => {
  function collect(isTTY: boolean) {
    let text = ''
    let time = 0
    const stream = { isTTY, columns: 40, write: (more: string) => (text += more).length > 0 }
    const progress = showProgress({ stream: stream as unknown as NodeJS.WriteStream, now: () => time })
    return { progress, text: () => text, wait: (milliseconds: number) => (time += milliseconds) }
  }

  it('is shown in plain lines at intervals where there is no terminal', () => {
    const { progress, text, wait } = collect(false)
    for (let i = 0; i < 100; i++) {
      progress.report('engine', `fetching ${i}`)
      wait(200)
    }
    progress.finished('engine')
    progress.end('set-up: done')
    expect(text()).toBe(
      'set-up: engine: fetching 0\nset-up: engine: fetching 75\nset-up: engine: ready after 20 s\nset-up: done\n',
    )
  })

  it('is shown in one line on a terminal, no longer than its width', () => {
    const { progress, text } = collect(true)
    progress.report('engine', 'fetching 100 of 274 MB')
    progress.report('temporal', 'compiling 12 of 1300 packages')
    expect(text()).not.toContain('\n')
    for (const line of text().split('\r')) expect(line.replace('\u001b[2K', '').length).toBeLessThan(40)
  })
})

describe('the examination', () => {
  it.each(['20.19.0', '22.12.0', '26.99.0'])('takes Node.js %s for what was tried', (version) => {
    expect(examineNode(version)).toEqual({ part: 'node', state: 'ok', version, where: process.execPath })
  })

  it('refuses an older Node.js and says so of a newer one than was tried', () => {
    expect(examineNode('20.18.3')).toMatchObject({ state: 'wrong', fix: expect.stringMatching(/^Install .*20\.19/) })
    expect(examineNode('27.0.0')).toMatchObject({
      state: 'ok',
      note: expect.stringMatching(
        /^Node\.js 27\.0\.0 is newer .*; should something fail, use Node\.js 20\.19 to 26\.$/,
      ),
    })
  })

  it('finds every part on a machine that is set up', async () => {
    const parts = await examine()
    expect(parts.filter(({ state }) => state !== 'ok')).toEqual([])
    expect(parts.find(({ part }) => part === 'engine')?.version).toMatch(/^libtensorflow 2\.21\.0, CPU$/)
  })

  it('says what to do about every missing part', async () => {
    const parts = await examine({ PATH: folder, GAUNTLET_CACHE: folder }, folder)
    const wanting = parts.filter(({ state }) => state !== 'ok')
    expect(wanting.map(({ part }) => part)).toEqual(['npm packages', 'C++ compiler', 'Temporal', 'engine'])
    for (const { fix } of wanting) expect(fix).toMatch(/^[A-Z].*\.$/)
  })
})
