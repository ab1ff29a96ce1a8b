import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { closestName, closestNames } from './closest-name.ts'

it('the closest names are the three nearest, the nearest first, each once', () => {
  const names = ['resnet152', 'resnet50', 'resnet50.a1_in1k', 'resnet18', 'resnet50', 'regnetx_004', 'vit_tiny']
  expect(closestNames('resnet51', names)).toEqual(['resnet50', 'resnet50.a1_in1k', 'resnet152'])
  expect(closestNames('entirely different', names)).toEqual([])
})

const known = ['Classic AT', 'TRADES', 'standard', 'resnet50.a1_in1k']

describe('the closest name', () => {
  it.each([
    ['trades', 'TRADES'],
    ['Clasic AT', 'Classic AT'],
    ['standrad', 'standard'],
    ['resnet50', 'resnet50.a1_in1k'],
    ['AT', 'Classic AT'],
  ])('of %s is %s', (written, name) => {
    expect(closestName(written, known)).toBe(name)
  })

  it.each([[''], ['x'], ['completely different'], ['TR\u0000\u0000ZZ']])('of %j is none', (written) => {
    expect(closestName(written, known)).toBeNull()
  })

  it('of a known name with one letter dropped is that name', () => {
    fc.assert(
      fc.property(fc.constantFrom(...known), fc.nat(), (name, at) => {
        const position = at % name.length
        expect(closestName(name.slice(0, position) + name.slice(position + 1), known)).toBe(name)
      }),
    )
  })
})
