import { describe, expect, it } from 'vitest'
import { failureClassOf, failureClassOfError, retryPolicy } from './failures.ts'

const called = (name: string) => Object.assign(new Error('x'), { name })

describe('failureClassOfError', () => {
  it('classes errors by their name', () => {
    expect(failureClassOfError(called('WeightsMismatch'))).toBe('InvalidInput')
    expect(failureClassOfError(called('Diverged'))).toBe('Diverged')
    expect(failureClassOfError(called('ArtifactCorrupt'))).toBe('ArtifactLost')
  })

  it('classes a full disk and a broken connection as transient, also as the cause of another error', () => {
    for (const code of [
      'ENOSPC',
      'ECONNRESET',
      'EAI_AGAIN',
      'EHOSTUNREACH',
      'ENETUNREACH',
      'ENETDOWN',
      '57P03',
      '40001',
      '25006',
    ]) {
      const error = Object.assign(new Error('x'), { code })
      expect(failureClassOfError(error), code).toBe('Transient')
      expect(failureClassOfError(new Error('around it', { cause: error })), code).toBe('Transient')
    }
  })

  it('classes everything else as a bug, whatever its name', () => {
    expect(failureClassOfError(new TypeError('x'))).toBe('Bug')
    expect(failureClassOfError(called('toString'))).toBe('Bug')
    expect(failureClassOfError(Object.assign(new Error('x'), { code: '23505' }))).toBe('Bug')
    expect(failureClassOfError('a string')).toBe('Bug')
  })
})

it('a name that is no class counts as a bug', () => {
  expect(failureClassOf('CoverageBroken')).toBe('Bug')
  expect(failureClassOf(null)).toBe('Bug')
  for (const name of Object.keys(retryPolicy)) expect(failureClassOf(name)).toBe(name)
})
