import { Diverged } from '@gauntlet/training'
import { WeightsMismatch } from '@gauntlet/weights'
import { describe, expect, it } from 'vitest'
import { failureClassOfError } from './failure-class.ts'

describe('failureClassOfError', () => {
  it('classes errors by their name', () => {
    expect(failureClassOfError(new WeightsMismatch('x'))).toBe('InvalidInput')
    expect(failureClassOfError(new Diverged('x', { epoch: 1, step: 1, loss: 'NaN' }))).toBe('Diverged')
  })

  it('classes a full disk and a broken connection as transient', () => {
    for (const code of ['ENOSPC', 'ECONNRESET'])
      expect(failureClassOfError(Object.assign(new Error('x'), { code }))).toBe('Transient')
  })

  it('classes everything else as a bug, whatever its name', () => {
    expect(failureClassOfError(new TypeError('x'))).toBe('Bug')
    expect(failureClassOfError(Object.assign(new Error('x'), { name: 'toString' }))).toBe('Bug')
    expect(failureClassOfError('a string')).toBe('Bug')
  })
})
