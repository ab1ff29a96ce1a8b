import { describe, expect, it } from 'vitest'
import type { SideResult } from './results.ts'
import { requireSameWork } from './same-work.ts'

function side(name: string, loss: number, random = false): SideResult {
  return { side: name, milliseconds: [1], prepared: { seconds: 1, checks: { loss }, random } }
}

function judged(...sides: SideResult[]): (string | undefined)[] {
  requireSameWork(sides)
  return sides.map(({ failure }) => failure?.slice(0, 18))
}

describe('requireSameWork', () => {
  it('accepts sides that computed the same except for rounding', () => {
    expect(judged(side('Gauntlet', 2), side('PyTorch', 2.001))).toEqual([undefined, undefined])
  })

  it('marks a side that computed something else', () => {
    expect(judged(side('Gauntlet', 2), side('PyTorch', 2.1))).toEqual([undefined, 'It did other work:'])
  })

  it('marks a side whose number is missing or not finite', () => {
    expect(judged(side('Gauntlet', 2), side('PyTorch', NaN))).toEqual([undefined, 'It did other work:'])
  })

  it("allows a few times the difference between PyTorch's own sides, which is rounding", () => {
    expect(judged(side('Gauntlet', 2), side('PyTorch', 2.1), side('channels_last', 2.14))).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  it('allows a few times the difference that the last bit of the weights makes in PyTorch', () => {
    const moving = (loss: number): SideResult => {
      const { prepared, ...rest } = side('PyTorch', 2.1)
      return { ...rest, prepared: { ...prepared!, spread: { loss } } }
    }
    expect(judged(side('Gauntlet', 2), moving(0.03))).toEqual([undefined, undefined])
    expect(judged(side('Gauntlet', 2), moving(0.02))).toEqual([undefined, 'It did other work:'])
  })

  it('requires only the same scale of works with dropout', () => {
    expect(judged(side('Gauntlet', 2), side('PyTorch', 2.5, true))).toEqual([undefined, undefined])
    expect(judged(side('Gauntlet', 2), side('PyTorch', 20, true))).toEqual([undefined, 'It did other work:'])
  })

  it('leaves sides as they are that failed before', () => {
    const failed: SideResult = { side: 'Gauntlet', milliseconds: [], failure: 'It stopped: no memory' }
    expect(judged(failed, side('PyTorch', 2))).toEqual(['It stopped: no mem', undefined])
  })
})
