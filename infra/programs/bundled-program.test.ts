import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { bundledProgram } from './bundled-program.mjs'

let folder: string
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'gauntlet program é-')))
  vi.stubEnv('GAUNTLET_CACHE', join(folder, 'cache'))
  write('node_modules/.package-lock.json', '{}')
  write('package.json', '{ "type": "module", "imports": { "#word": "./one.ts" } }')
  write('one.ts', `export const word: string = 'one'`)
  write('two.ts', `export const word: string = 'two'`)
  write('main.ts', `import { word } from '#word'\nconsole.log(word)`)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}

const program = () => bundledProgram(join(folder, 'main.ts'), folder)
const bundle = async () => fileURLToPath(await program())

/** What the program prints. */
async function output(): Promise<string> {
  const text = `await import(${JSON.stringify(await program())})`
  const options = ['--enable-source-maps', '--input-type=module', '--eval', text]
  return execFileSync(process.execPath, options, { encoding: 'utf8' }).trim()
}

const failing = `type Reason = string
const reason: Reason = 'planned'
try {
  throw new Error(reason)
} catch (error) {
  console.log((error as Error).stack)
}`

it('is made once of the same sources', async () => {
  const file = await bundle()
  const { mtimeNs, ino } = statSync(file, { bigint: true })
  expect(await bundle()).toBe(file)
  expect(statSync(file, { bigint: true })).toMatchObject({ mtimeNs, ino })
})

it('is made again when a source, what a name stands for, or a package has changed', async () => {
  expect(await output()).toBe('one')
  write('one.ts', `export const word: string = 'uno'`)
  expect(await output()).toBe('uno')
  write('package.json', '{ "type": "module", "imports": { "#word": "./two.ts" } }')
  expect(await output()).toBe('two')
  const before = readFileSync(await bundle(), 'utf8')
  write('node_modules/.package-lock.json', '{ "packages": {} }')
  expect(readFileSync(await bundle(), 'utf8')).not.toBe(before)
})

it('is made again of files that changed while it was made', async () => {
  const words = ['one', 'two', 'one', 'two']
  for (const [round, word] of words.entries()) {
    write('main.ts', `import { word } from '#word'\nconsole.log(word) // ${round}`)
    const made = program()
    await pause(3 ** round)
    write('package.json.new', `{ "type": "module", "imports": { "#word": "./${word}.ts" } }`)
    renameSync(join(folder, 'package.json.new'), join(folder, 'package.json'))
    await made
    expect(await output()).toBe(word)
  }
})

it('is made again when a room has a package of its own, and when it has it no longer', async () => {
  const packageAt = (place: string, version: string) => {
    write(`${place}/node_modules/a/package.json`, '{ "name": "a", "type": "module", "exports": "./index.js" }')
    write(`${place}/node_modules/a/index.js`, `export const version = '${version}'`)
  }
  packageAt('.', 'of all')
  write('room/room.ts', `export { version } from 'a'`)
  write('main.ts', `import { version } from './room/room.ts'\nconsole.log(version)`)
  expect(await output()).toBe('of all')
  packageAt('room', 'of the room')
  expect(await output()).toBe('of the room')
  rmSync(join(folder, 'room/node_modules'), { recursive: true })
  expect(await output()).toBe('of all')
})

it('lies in the cache of the user where the checkout cannot be written', async () => {
  write('node_modules/.cache', 'no folder')
  const file = await bundle()
  expect(dirname(file)).toBe(join(folder, 'cache/started-programs'))
  const { mtimeNs } = statSync(file, { bigint: true })
  expect(await output()).toBe('one')
  expect(statSync(file, { bigint: true }).mtimeNs).toBe(mtimeNs)
})

it('is made at each start where nothing can be written, and says in short where it fails', async () => {
  write('node_modules/.cache', 'no folder')
  write('cache', 'no folder')
  expect(await output()).toBe('one')
  write('one.ts', `export const word: string = 'uno'`)
  expect(await output()).toBe('uno')
  write('main.ts', failing)
  const stack = await output()
  expect(stack).toMatch(/^Error: planned\n[^\n]*main\.ts:4:9/)
  expect(stack.length).toBeLessThan(2000)
})

it('is made again where it is damaged', async () => {
  const file = await bundle()
  const whole = readFileSync(file, 'utf8')
  for (const text of ['', 'console.log("half', whole.slice(0, -3), whole.replace('one', 'two'), '//made of {}']) {
    writeFileSync(file, text)
    expect(await output()).toBe('one')
  }
  write('main.ts', failing)
  expect(await output()).toMatch(/main\.ts:4:9/)
  rmSync(`${file}.map`)
  expect(await output()).toMatch(/main\.ts:4:9/)
})

it('knows the places of its sources, and names them and their lines where it fails', async () => {
  write(
    'rooms/room/room.ts',
    `type Place = { url: string }
export const places: unknown[] = [import.meta.url, import.meta.dirname, import.meta.filename]
export function fail(place: Place): never {
  throw new Error(place.url)
}`,
  )
  write(
    'main.ts',
    `import { fail, places } from './rooms/room/room.ts'
try {
  fail({ url: 'nowhere' })
} catch (error) {
  console.log(JSON.stringify([...places, (error as Error).stack]))
}`,
  )
  const [url, place, file, stack] = JSON.parse(await output()) as string[]
  const room = join(folder, 'rooms/room/room.ts')
  expect([url, place, file]).toEqual([pathToFileURL(room).href, dirname(room), room])
  expect(stack).toMatch(/room\.ts:4:9\)[^]*main\.ts:3:\d+/)
})

it('has sources that a link leads to', async () => {
  const elsewhere = realpathSync(mkdtempSync(join(tmpdir(), 'gauntlet elsewhere-')))
  writeFileSync(join(elsewhere, 'far.ts'), `export const far: string = import.meta.dirname`)
  symlinkSync(elsewhere, join(folder, 'linked'))
  write('main.ts', `import { far } from './linked/far.ts'\nconsole.log(far)`)
  expect(await output()).toBe(elsewhere)
  writeFileSync(join(elsewhere, 'far.ts'), `export const far: string = 'changed'`)
  expect(await output()).toBe('changed')
  rmSync(elsewhere, { recursive: true })
})

it('imports packages, those that a room has of its own too, instead of holding them', async () => {
  const packageOf = (version: string) => `export const version = '${version}'; export const url = import.meta.url`
  write('rooms/room/facts.json', '{ "many": 2 }')
  for (const [place, version] of [
    ['node_modules/a', '1'],
    ['rooms/room/node_modules/a', '2'],
  ] as const) {
    write(`${place}/package.json`, '{ "name": "a", "type": "module", "exports": "./index.js" }')
    write(`${place}/index.js`, packageOf(version))
  }
  write(
    'rooms/room/room.ts',
    `import { many } from './facts.json' with { type: 'json' }
export * as other from 'a'
export const place = [import.meta.resolve('a'), many]`,
  )
  write(
    'main.ts',
    `import { other, place } from './rooms/room/room.ts'
import { url, version } from 'a'
console.log(JSON.stringify([version, url, other.version, other.url, ...place]))`,
  )
  const at = (path: string) => pathToFileURL(join(folder, path)).href
  expect(JSON.parse(await output())).toEqual([
    '1',
    at('node_modules/a/index.js'),
    '2',
    at('rooms/room/node_modules/a/index.js'),
    at('rooms/room/node_modules/a/index.js'),
    2,
  ])
})

it('is not made of a source that does not exist, has an error, or asks where a package is that is not there', async () => {
  await expect(bundledProgram(join(folder, 'none.ts'), folder)).rejects.toThrow(/none\.ts/)
  write('main.ts', 'const = 1')
  await expect(bundle()).rejects.toThrow(/^main\.ts:1:6: [^\n]+$/)
  write('main.ts', `console.log(import.meta.resolve('absent'))`)
  await expect(bundle()).rejects.toThrow(/main\.ts asks where absent is/)
})
