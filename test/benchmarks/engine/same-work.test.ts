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
  it('lets sides through that computed the same but for rounding', () => {
    expect(judged(side('Gauntlet', 2), side('PyTorch', 2.001))).toEqual([undefined, undefined])
  })

  it('marks a side that computed something else', () => {
    expect(judged(side('Gauntlet', 2), side('PyTorch', 2.1))).toEqual([undefined, 'It did other work:'])
  })

  it('marks a side whose number is missing or not finite', () => {
    expect(judged(side('Gauntlet', 2), side('PyTorch', NaN))).toEqual([undefined, 'It did other work:'])
  })

  it("allows a few times the difference among PyTorch's own sides, which is rounding", () => {
    expect(judged(side('Gauntlet', 2), side('PyTorch', 2.1), side('channels_last', 2.14))).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  it('allows a few times what the last bit of the weights does to PyTorch', () => {
    const moving = (loss: number): SideResult => {
      const { prepared, ...rest } = side('PyTorch', 2.1)
      return { ...rest, prepared: { ...prepared!, spread: { loss } } }
    }
    expect(judged(side('Gauntlet', 2), moving(0.03))).toEqual([undefined, undefined])
    expect(judged(side('Gauntlet', 2), moving(0.02))).toEqual([undefined, 'It did other work:'])
  })

  it('asks of works with dropout for the same scale only', () => {
    expect(judged(side('Gauntlet', 2), side('PyTorch', 2.5, true))).toEqual([undefined, undefined])
    expect(judged(side('Gauntlet', 2), side('PyTorch', 20, true))).toEqual([undefined, 'It did other work:'])
  })

  it('leaves those alone that failed before', () => {
    const failed: SideResult = { side: 'Gauntlet', milliseconds: [], failure: 'It stopped: no memory' }
    expect(judged(failed, side('PyTorch', 2))).toEqual(['It stopped: no mem', undefined])
  })
})
