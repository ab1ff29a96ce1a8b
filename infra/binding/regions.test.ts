import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { requireCompiler } from '../setup/compile-binding.mjs'

it('the allocator of tensors gives pieces that do not overlap, merges free ones, takes the best fit and returns pages', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gauntlet-regions-'))
  try {
    const program = join(folder, 'check')
    execFileSync(requireCompiler(), [
      '-std=c++17',
      '-O1',
      '-pthread',
      join(import.meta.dirname, 'regions-check.cc'),
      '-o',
      program,
    ])
    const { status, stderr } = spawnSync(program, { encoding: 'utf8' })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
