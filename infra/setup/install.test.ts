import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { engineIsPresent, requireEngineBuild } from './engine.mjs'
import { installMissing } from './install.mjs'
import { packagesArePresent } from './packages.mjs'

/*
 * Set-up of a checkout of three packages, with a libtensorflow of empty files and an npm and a compiler that are
 * scripts: what it finds, does and says, without minutes of downloads.
 */

let folder: string
let root: string
let environment: NodeJS.ProcessEnv

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gauntlet-install-'))
  root = join(folder, 'checkout')
  environment = {
    PATH: `${join(folder, 'bin')}:/usr/bin:/bin`,
    HOME: folder,
    GAUNTLET_CACHE: join(folder, 'cache'),
    GAUNTLET_DEVICE: 'cpu',
    TEMPORAL_ADDRESS: '127.0.0.1:1',
  }
  const packages = {
    '': {},
    'node_modules/tsx': { version: '1.0.0', integrity: 'sha512-a', dev: true },
    'node_modules/@tensorflow/tfjs-node-gpu': { version: '1.0.0', integrity: 'sha512-b' },
  }
  write('checkout/package-lock.json', JSON.stringify({ packages }))
  for (const library of ['libtensorflow_framework.so.2', 'libtensorflow_cc.so.2'])
    write(join(engine(), 'tensorflow', library), '')
  for (const header of ['xla/tsl/framework/allocator_registry.h', 'xla/pjrt/c/pjrt_c_api.h'])
    write(join(engine(), 'tensorflow/include', header), '')
  program('g++', 'while [ "$1" != -o ]; do shift; done; echo compiled > "$2"')
  // Empties node_modules and installs what the lock names, in production without what development alone needs.
  program(
    'npm',
    `rm -rf node_modules && mkdir -p node_modules/@tensorflow/tfjs-node-gpu/binding
echo source > node_modules/@tensorflow/tfjs-node-gpu/binding/tfjs_binding.cc
echo '{}' > node_modules/@tensorflow/tfjs-node-gpu/package.json
if [ "$NODE_ENV" != production ] || echo "$@" | grep -q -- --include=dev
then mkdir node_modules/tsx && echo '{}' > node_modules/tsx/package.json; fi
cp package-lock.json node_modules/.package-lock.json`,
  )
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const engine = () => join('cache', 'engine', requireEngineBuild().name)

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}

function program(name: string, script: string): void {
  write(join('bin', name), `#!/bin/sh\n${script}\n`)
  chmodSync(join(folder, 'bin', name), 0o755)
}

/** The parts that set-up had to install. */
function setUp(): Promise<string[]> {
  return installMissing(root, { report: () => undefined, finished: () => undefined, environment })
}

describe('set-up', () => {
  it('installs what is missing, and then nothing', async () => {
    expect(await setUp()).toEqual(['packages', 'engine'])
    expect(await setUp()).toEqual([])
  })

  it('links the engine anew where npm has emptied the folder that held its links', async () => {
    await setUp()
    const lock = join(root, 'node_modules', '.package-lock.json')
    writeFileSync(lock, JSON.stringify({ packages: { 'node_modules/tsx': { version: '0.9.0' } } }))
    expect(await setUp()).toEqual(['packages', 'engine'])
    expect(engineIsPresent(root, environment)).toBe(true)
    expect(await setUp()).toEqual([])
  })

  it('installs a package that was deleted', async () => {
    await setUp()
    rmSync(join(root, 'node_modules', 'tsx'), { recursive: true })
    expect(packagesArePresent(root)).toBe(false)
    expect(await setUp()).toContain('packages')
    expect(existsSync(join(root, 'node_modules', 'tsx'))).toBe(true)
  })

  it('installs the packages for development under NODE_ENV=production too', async () => {
    environment['NODE_ENV'] = 'production'
    expect(await setUp()).toEqual(['packages', 'engine'])
    expect(await setUp()).toEqual([])
  })

  it('gives npm a cache of its own where the home cannot be written', async () => {
    environment['HOME'] = join(folder, 'no', 'such', 'home')
    program('npm', 'echo "npm error $npm_config_cache" >&2; exit 1')
    await expect(setUp()).rejects.toThrow(join(folder, 'cache', 'npm'))
  })

  it('compiles what reaches PJRT plugins only where one is used', async () => {
    const links = () => readdirSync(join(root, 'node_modules/@tensorflow/tfjs-node-gpu/lib/napi-v8')).sort()
    await setUp()
    const always = ['graph_types', 'image_pixels', 'signals', 'tensor_memory', 'tfjs_binding']
    expect(links()).toEqual(always.map((name) => `${name}.node`))
    environment['GAUNTLET_PJRT_PLUGIN'] = '/somewhere/pjrt_plugin.so'
    expect(await setUp()).toEqual(['engine'])
    expect(links()).toContain('pjrt.node')
    expect(links()).toContain('graph_lowering.node')
  })

  it('says so where npm leaves a package out', async () => {
    program('npm', 'mkdir -p node_modules && echo \'{"packages":{}}\' > node_modules/.package-lock.json')
    await expect(setUp()).rejects.toThrow(
      /^npm says it has installed .*, but node_modules\/tsx and 1 more is not .*`npm config list`\.$/,
    )
  })

  it('compiles a binding for each state of its sources, so that checkouts of different commits share a cache', async () => {
    await setUp()
    const link = join(root, 'node_modules/@tensorflow/tfjs-node-gpu/lib/napi-v8/tfjs_binding.node')
    const first = readlinkSync(link)
    write('checkout/node_modules/@tensorflow/tfjs-node-gpu/binding/tfjs_binding.cc', 'another source')
    expect(engineIsPresent(root, environment)).toBe(false)
    expect(await setUp()).toEqual(['engine'])
    expect(readlinkSync(link)).not.toBe(first)
    expect(existsSync(first)).toBe(true)
  })
})
