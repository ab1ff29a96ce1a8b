import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bundleWorkflows } from '@gauntlet/ledger-worker/versions/bundle-workflows'

let folder: string
beforeEach(() => {
  // The folder is inside the workspace, so that the planted file finds the same packages as the workflows.
  const cache = resolve(import.meta.dirname, '../../node_modules/.cache/gauntlet')
  mkdirSync(cache, { recursive: true })
  folder = mkdtempSync(join(cache, 'planted-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Bundles a workflow file with this one line in it. */
function bundleOf(line: string) {
  const file = join(folder, 'planted.mjs')
  writeFileSync(file, `${line}\n`)
  return bundleWorkflows(file)
}

describe('the bundle of the workflows', () => {
  it('can be made of the workflows, the vocabulary and the workflow API, without a module of Node', async () => {
    const { code } = await bundleWorkflows()
    expect(code.length).toBeGreaterThan(100_000)
  })

  it('can be made of a planted workflow that imports nothing', async () => {
    const { code } = await bundleOf('export const planted = async () => "unmistakable"')
    expect(code).toContain('unmistakable')
  })

  it.each(['node:fs', 'node:crypto', 'child_process'])('cannot be made of a workflow that imports %s', async (name) => {
    await expect(
      bundleOf(`import * as module from '${name}'\nexport const planted = async () => Object.keys(module)`),
    ).rejects.toThrow(/webpack|disallowed/i)
  })
})
