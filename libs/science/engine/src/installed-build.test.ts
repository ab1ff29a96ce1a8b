import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { installedBuild } from './installed-build.ts'

const folder = mkdtempSync(join(tmpdir(), 'gauntlet-build-'))
afterAll(() => rmSync(folder, { recursive: true }))

it('names libtensorflow and the C++ code by what set-up linked', () => {
  const [engine, links] = [join(folder, '2.21.0-cpu-aaaaaaaaaaaa'), join(folder, 'napi-v8')]
  mkdirSync(engine)
  mkdirSync(links)
  for (const [name, digest] of [
    ['tensor_memory', '222222222222'],
    ['tfjs_binding', '111111111111'],
  ]) {
    writeFileSync(join(engine, `${name}-${digest}.node`), '')
    symlinkSync(join(engine, `${name}-${digest}.node`), join(links, `${name}.node`))
  }
  const files = ['tensor_memory-222222222222.node', 'tfjs_binding-111111111111.node']
  expect(installedBuild(links)).toEqual(['2.21.0-cpu-aaaaaaaaaaaa', ...files])
})

it('finds digests in every name of the engine that is installed here', () => {
  const names = installedBuild()
  expect(names.length).toBeGreaterThan(2)
  for (const name of names) expect(name).toMatch(/-[0-9a-f]{12}(\.node)?$/)
})
