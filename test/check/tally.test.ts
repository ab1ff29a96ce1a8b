import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { closingLine, tallyOf } from './tally.ts'

const file = { name: 'a.test.ts', startTime: 0, endTime: 0 }
const status = fc.constantFrom('passed', 'failed', 'skipped', 'pending', 'todo', 'disabled')

describe('tallyOf', () => {
  it('counts every test exactly once', () => {
    fc.assert(
      fc.property(fc.array(fc.array(status, { minLength: 1 })), (files) => {
        const testResults = files.map((tests) => ({
          ...file,
          status: tests.includes('failed') ? 'failed' : 'passed',
          assertionResults: tests.map((each) => ({ status: each })),
        }))
        const failed = files.flat().filter((each) => each === 'failed').length
        const tally = tallyOf({ testResults }, failed > 0 ? 1 : 0)
        expect(tally.passed + tally.failed + tally.skipped).toBe(files.flat().length)
        expect(tally.failed).toBe(failed)
      }),
    )
  })

  it('counts a file that does not load as a failure', () => {
    const testResults = [{ ...file, status: 'failed', assertionResults: [] }]
    expect(tallyOf({ testResults }, 1)).toEqual({ passed: 0, failed: 1, skipped: 0 })
  })

  it('counts a run that failed outside its tests as a failure', () => {
    const testResults = [{ ...file, status: 'passed', assertionResults: [{ status: 'passed' }] }]
    expect(tallyOf({ testResults }, 1)).toEqual({ passed: 1, failed: 1, skipped: 0 })
  })

  it('counts an unknown status as a failure', () => {
    const testResults = [
      { ...file, status: 'passed', assertionResults: [{ status: 'toString' }, { status: 'perhaps' }] },
    ]
    expect(tallyOf({ testResults }, 0)).toEqual({ passed: 0, failed: 2, skipped: 0 })
  })
})

describe('closingLine', () => {
  it('names skipped tests only where there are some', () => {
    expect(closingLine({ passed: 12, failed: 0, skipped: 0 })).toBe('12 passed, 0 failed')
    expect(closingLine({ passed: 12, failed: 1, skipped: 3 })).toBe('12 passed, 1 failed, 3 skipped')
  })
})
