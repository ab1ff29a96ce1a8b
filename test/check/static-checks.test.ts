import { describe, expect, it } from 'vitest'
import { failedChecks, staticChecks, type StaticCheck } from './static-checks.ts'

const names = Object.keys(staticChecks) as StaticCheck[]

describe('failedChecks', () => {
  it('names the checks in the closing list of Nx and no other', () => {
    const output =
      '> nx run gauntlet:check:format\n\nRan targets\n\nFailed tasks:\n\n- gauntlet:check:types\n- gauntlet:check:unused\n'
    expect(failedChecks(output, names)).toEqual(['check:types', 'check:unused'])
  })

  it('counts every check as failed when Nx itself failed', () => {
    expect(failedChecks('NX   Failed to process project graph.', names)).toEqual(names)
  })
})
