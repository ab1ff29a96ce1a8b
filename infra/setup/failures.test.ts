import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { serve } from '@gauntlet/sources/fixtures/server'
import { compileBinding } from './compile-binding.mjs'
import { installLibrary, requireEngineBuild, requireRoom } from './engine.mjs'
import { installPackages } from './packages.mjs'
import { findProgram } from './run-command.mjs'
import { installTemporal } from './temporal.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const report = () => undefined
/** Nobody listens here. */
const nowhere = 'http://127.0.0.1:59999'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gauntlet-set-up-'))
  mkdirSync(join(folder, 'bin'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** An environment with an empty cache and home, in which only the given scripts can be run. */
function machine(programs: Record<string, string> = {}, variables: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${script}\n`)
    chmodSync(join(folder, 'bin', name), 0o755)
  }
  return { PATH: join(folder, 'bin'), HOME: folder, GAUNTLET_CACHE: join(folder, 'cache'), ...variables }
}

/** The name and the message of a failure, whose message must be one line. */
async function failureOf(attempt: Promise<unknown>): Promise<string> {
  const failure = await attempt.then(
    () => new Error('it did not fail'),
    (error: Error) => error,
  )
  expect(failure.message).toMatch(/^\S.*\.$/)
  expect(failure.message).not.toContain('\n')
  return `${failure.name}: ${failure.message}`
}

describe('set-up of the engine', () => {
  it('asks for a compiler before it fetches anything', async () => {
    const environment = machine({}, { PIP_INDEX_URL: nowhere })
    expect(await failureOf(installLibrary({ report, environment }))).toMatch(
      /^SetUpFailed: No C\+\+ compiler .*install one/,
    )
  })

  it('says that the network cannot be reached', async () => {
    const environment = machine({ 'g++': 'exit 0' }, { PIP_INDEX_URL: nowhere })
    expect(await failureOf(installLibrary({ report, environment, pause: 1 }))).toMatch(
      /^SourceUnreachable: .*check the network/,
    )
  })

  it('refuses every wheel but the pinned one', async () => {
    const { wheels } = requireEngineBuild({ GAUNTLET_ENGINE: 'cpu' })
    const server = await serve((request, response) => {
      if (request.url?.startsWith('/files/')) return void response.end('not a wheel')
      const files = wheels.map(({ file }) => ({ filename: file, url: `/files/${file}`, hashes: {} }))
      response.setHeader('content-type', 'application/vnd.pypi.simple.v1+json').end(JSON.stringify({ files }))
    })
    const environment = machine({ 'g++': 'exit 0' }, { PIP_INDEX_URL: server.address, GAUNTLET_ENGINE: 'cpu' })
    expect(await failureOf(installLibrary({ report, environment }))).toMatch(
      /^DigestMismatch: .*not dcc8afd3|^DigestMismatch: .*not b07d1573/,
    )
    expect(readdirSync(join(folder, 'cache', 'downloads'))).toEqual([])
  })

  it('says how much space it needs', async () => {
    const build = { ...requireEngineBuild({ GAUNTLET_ENGINE: 'cpu' }), unpackedSize: 1e18 }
    expect(await failureOf(Promise.resolve().then(() => requireRoom(build, folder)))).toMatch(
      /free some space or set GAUNTLET_CACHE/,
    )
  })

  it('repeats the error of the compiler', async () => {
    const output = join(folder, 'binding.node')
    for (const [said, advice] of [
      ['tfjs_backend.cc:1: error: unrecognised flag', /unrecognised flag.*C\+\+17/],
      ['ld: final link failed: No space left on device', /disk is full/],
    ] as const) {
      const environment = machine({ 'g++': `echo '${said}' >&2; exit 1` })
      expect(await failureOf(compileBinding({ root, engine: folder, output, environment }))).toMatch(advice)
    }
  })

  it('says on which machines there is a libtensorflow', async () => {
    const build = async () => requireEngineBuild({ GAUNTLET_ENGINE: 'tpu' })
    if (process.platform === 'linux') expect(await build()).toMatchObject({ device: 'cpu' })
    else expect(await failureOf(build())).toMatch(/run Gauntlet on Linux/)
  })
})

describe('set-up of Temporal', () => {
  const complaints: [string, RegExp][] = [
    ['go: go.mod requires go >= 1.25.0 (running go 1.21.0; GOTOOLCHAIN=local)', /Go is too old/],
    [
      'go: modernc.org/sqlite@v1.34.1: Get "https://proxy.golang.org/": dial tcp: lookup proxy.golang.org: no such host',
      /check the network or set GOPROXY/,
    ],
    ['verifying module: checksum mismatch', /not the pinned one/],
    ['write /tmp/x: no space left on device', /disk is full/],
    ['package x: something else', /something else.*set TEMPORAL_ADDRESS/],
  ]
  it.each(complaints)('explains %j', async (said, advice) => {
    const environment = machine({ go: `echo '${said}' >&2; exit 1` })
    expect(await failureOf(installTemporal({ report, environment }))).toMatch(advice)
  })

  const go = findProgram(['go'])
  it.runIf(go)('says that the module proxy cannot be reached, as the real Go puts it', async () => {
    const environment = machine(
      {},
      { PATH: `${dirname(go ?? '')}:/usr/bin:/bin`, GOPROXY: nowhere, GOTOOLCHAIN: 'local' },
    )
    expect(await failureOf(installTemporal({ report, environment }))).toMatch(/check the network or set GOPROXY/)
  })
})

describe('set-up of the packages', () => {
  function checkout(dependency: string): string {
    const place = join(folder, 'checkout')
    mkdirSync(place)
    const dependencies = { [dependency]: '1.0.0' }
    writeFileSync(join(place, 'package.json'), JSON.stringify({ name: 'x', version: '1.0.0', dependencies }))
    const packages = {
      '': { name: 'x', version: '1.0.0', dependencies },
      [`node_modules/${dependency}`]: { version: '1.0.0', integrity: `sha512-${'A'.repeat(86)}==` },
    }
    writeFileSync(
      join(place, 'package-lock.json'),
      JSON.stringify({ name: 'x', version: '1.0.0', lockfileVersion: 3, requires: true, packages }),
    )
    return place
  }

  it('says that the registry cannot be reached, as the real npm puts it', async () => {
    const offline = {
      npm_config_registry: nowhere,
      npm_config_fetch_retries: '0',
      npm_config_cache: join(folder, 'npm'),
      npm_config_update_notifier: 'false',
    }
    const environment = { ...process.env, ...offline, HOME: folder }
    expect(await failureOf(installPackages(checkout('a-package'), { report, environment }))).toMatch(
      /registry cannot be reached/,
    )
  })

  const complaints: [string, RegExp][] = [
    ['npm error code ENOSPC', /disk is full/],
    ['npm error code EINTEGRITY', /not the pinned one/],
    ['npm error code EUSAGE', /npm install/],
    ['npm error code EWHATEVER\nnpm error something else', /something else/],
  ]
  it.each(complaints)('explains %j', async (said, advice) => {
    const environment = machine({ npm: `echo '${said}' >&2; exit 1` })
    expect(await failureOf(installPackages(checkout('a-package'), { report, environment }))).toMatch(advice)
  })

  it('says that npm is missing', async () => {
    expect(await failureOf(installPackages(checkout('a-package'), { report, environment: machine() }))).toMatch(
      /npm was not found/,
    )
  })
})

describe('the set-up command', () => {
  it('ends with one sentence, exit code 1 and no stack trace', () => {
    symlinkSync(process.execPath, join(folder, 'bin', 'node'))
    const ended = spawnSync(process.execPath, [join(root, 'infra', 'set-up.mjs')], {
      env: machine({}, { PIP_INDEX_URL: nowhere }),
      encoding: 'utf8',
    })
    expect(ended.status).toBe(1)
    expect(ended.stderr.trim()).toMatch(/^set-up: (No C\+\+ compiler|Go was not found)[^\n]*\.$/)
  })

  it('tells an old Node.js which version is needed', () => {
    const script = `import('${join(root, 'infra', 'setup', 'node-version.mjs')}').then(({ requireNode }) => requireNode('20.18.3'))`
    const ended = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' })
    expect(ended.status).toBe(1)
    expect(ended.stderr).toBe('set-up: Node.js 20.18.3 is too old; install 20.19 or newer (https://nodejs.org).\n')
  })
})
