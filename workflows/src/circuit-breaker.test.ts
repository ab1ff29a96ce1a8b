import { circuitBreakerThreshold, type CountedBugs, type StageFailureSummary } from '@gauntlet/contract'
import { digestOf, type StageName } from '@gauntlet/study'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CircuitBreaker } from './circuit-breaker.ts'

const bug = (message: string, stage: StageName = 'fine-tune'): StageFailureSummary => ({
  stage,
  failureClass: 'Bug',
  message,
})

function breakerAfter(
  times: number,
  failures: (index: number) => readonly StageFailureSummary[],
  backbone = 'a',
): CircuitBreaker {
  const breaker = new CircuitBreaker({})
  for (let index = 0; index < times; index++) breaker.count(digestOf(index), backbone, failures(index))
  return breaker
}

describe('CircuitBreaker', () => {
  it('opens for a backbone once enough configurations met the same bug in the same stage', () => {
    const alike = () => [bug('no kernel for this shape')]
    expect(breakerAfter(circuitBreakerThreshold - 1, alike).openFor('a')).toBe(undefined)
    expect(breakerAfter(circuitBreakerThreshold, alike).openFor('a')).toEqual({
      stage: 'fine-tune',
      cause: 'no kernel for this shape',
    })
  })

  it('stays closed for other backbones', () => {
    expect(breakerAfter(10, () => [bug('no kernel')]).openFor('b')).toBe(undefined)
  })

  it('stays closed when the causes or the stages differ', () => {
    const causes = ['first', 'second', 'third']
    const stages = ['pretrain-load', 'fine-tune', 'checkpoint'] as const
    expect(breakerAfter(3, (index) => [bug(causes[index]!)]).openFor('a')).toBe(undefined)
    expect(breakerAfter(3, (index) => [bug('same', stages[index])]).openFor('a')).toBe(undefined)
  })

  it('counts a configuration once, however many of its cells met the bug', () => {
    const fiveCells = () => Array.from({ length: 5 }, () => bug('NaN in a kernel', 'perturb-and-evaluate'))
    expect(breakerAfter(1, fiveCells).openFor('a')).toBe(undefined)
  })

  it('counts a configuration once that fails again when it is tried again', () => {
    const breaker = new CircuitBreaker({})
    for (let time = 0; time < 10; time++) breaker.count(digestOf('one'), 'a', [bug('no kernel')])
    expect(breaker.openFor('a')).toBe(undefined)
  })

  it('goes on from a run of an earlier version, which carried how many there were', () => {
    const breaker = new CircuitBreaker({ 'fine-tune a no kernel': circuitBreakerThreshold - 1 })
    expect(breaker.openFor('a')).toBe(undefined)
    breaker.count(digestOf('one'), 'a', [bug('no kernel')])
    expect(breaker.openFor('a')).toBeDefined()
  })

  it('counts messages that differ only in numbers and digests as one cause', () => {
    const naming = (index: number) => [bug(`shape [${index + 1},224] of ${`${index}f`.repeat(32)}`)]
    expect(breakerAfter(circuitBreakerThreshold, naming).openFor('a')).toBeDefined()
  })

  it('counts no failures but bugs', () => {
    const invalid = () => [{ stage: 'pretrain-load', failureClass: 'InvalidInput', message: 'wrong digest' } as const]
    expect(breakerAfter(10, invalid).openFor('a')).toBe(undefined)
  })

  it('has the same open circuits after it is carried into another run', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.string())), (failures) => {
        const before = new CircuitBreaker({})
        failures.forEach(([backbone, message], index) => before.count(digestOf(index), backbone, [bug(message)]))
        const after = new CircuitBreaker(JSON.parse(JSON.stringify(before.counted())) as CountedBugs)
        expect([after.openFor('a'), after.openFor('b')]).toEqual([before.openFor('a'), before.openFor('b')])
      }),
    )
  })
})
