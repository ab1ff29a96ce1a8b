import { digestOf, digestOfBytes } from '@gauntlet/study'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, vi } from 'vitest'
import { bindingAddition } from './binding-addition.ts'
import { bindingFolder, installedBuild } from './installed-build.ts'

/** The function of infra/binding/graph-lowering.cc. */
interface GraphLowering {
  lower(graph: Uint8Array, config: Uint8Array): Uint8Array
}

/**
 * Lowers a graph once for all tests of a file, and for all later runs by the same build of the engine: what was lowered
 * is kept in `folder`, under the digest of the graph's bytes and of what is fed and fetched. Backbones that differ in
 * their weights alone have equal graphs. Gives how many graphs were lowered and how many were found.
 */
export function lowerEqualGraphsOnce(folder: string): { readonly lowered: number; readonly found: number } {
  const counts = { lowered: 0, found: 0 }
  beforeAll(() => {
    const addition = bindingAddition<GraphLowering>('graph_lowering')
    const build = installedBuild(bindingFolder(), true)
    const { lower } = addition
    vi.spyOn(addition, 'lower').mockImplementation((graph, config) => {
      const file = join(folder, digestOf({ graph: digestOfBytes(graph), config: digestOfBytes(config), build }))
      const kept = existsSync(file)
      counts[kept ? 'found' : 'lowered']++
      if (kept) return gunzipSync(readFileSync(file))
      const module = lower(graph, config)
      mkdirSync(folder, { recursive: true })
      writeFileSync(`${file}.${process.pid}`, gzipSync(module))
      renameSync(`${file}.${process.pid}`, file)
      return module
    })
  })
  afterAll(() => void vi.restoreAllMocks())
  return counts
}
