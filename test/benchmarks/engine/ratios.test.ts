import { describe, expect, it } from 'vitest'
import { geometricMean, memoryRatios, ratiosOf, shortfalls } from './ratios.ts'
import type { Results, SideResult, WorkResult } from './results.ts'

const options = {} as Results['options']

function side(name: string, milliseconds: number[], more: Partial<SideResult> = {}): SideResult {
  return { side: name, milliseconds, ...more }
}

function resultsOf(...sides: SideResult[]): Results {
  const works: WorkResult[] = [{ work: 'forward', sides }]
  const backbones = [{ id: 'resnet50', family: 'ResNet', side: 224, works }]
  return { date: '2026-11-22', machine: '', load: 0, options, backbones, complete: true, loads: [] }
}

describe('the ratios of a run', () => {
  it('are above 1 where Gauntlet takes less time, by the median of the rounds', () => {
    const theirs = [side('PyTorch', [20, 22, 90]), side('torch.compile', [20, 5.5, 5])]
    const [ratios] = ratiosOf(resultsOf(side('Gauntlet', [40, 11, 10]), ...theirs), 'forward')
    expect(Object.fromEntries(ratios!.over)).toEqual({ PyTorch: 2, 'torch.compile': 0.5 })
    expect(ratios!.overBest).toBe(0.5)
  })

  it('leave out sides that failed, and there are none where Gauntlet failed', () => {
    const failed = { failure: 'It did other work.' }
    expect(ratiosOf(resultsOf(side('Gauntlet', [10]), side('PyTorch', [1], failed)), 'forward')[0]!.over.size).toBe(0)
    expect(
      ratiosOf(resultsOf(side('Gauntlet', [10], failed), side('PyTorch', [1])), 'forward')[0]!.overBest,
    ).toBeUndefined()
  })

  it('of memory compare equal peaks', () => {
    const memory = (mebibytes: number) => ({ memory: { loaded: 1, whole: mebibytes, steps: null } })
    const [work] = resultsOf(side('Gauntlet', [1], memory(300)), side('PyTorch', [1], memory(200))).backbones[0]!.works
    expect(memoryRatios(work!, 'whole').get('PyTorch')).toBe(1.5)
    expect(memoryRatios(work!, 'steps').size).toBe(0)
  })
})

describe('the shortfalls of a run', () => {
  it('name what is slower than the best, what failed, and what was not measured', () => {
    const sides = [
      side('Gauntlet', [10]),
      side('PyTorch', [9]),
      side('torch.compile', [], { failure: 'It stopped: why' }),
    ]
    expect(shortfalls({ ...resultsOf(...sides), complete: false })).toEqual([
      'forward: geometric mean over PyTorch eager 0.90, to be 1.2',
      'resnet50, forward: 0.90 of the best PyTorch',
      'resnet50, forward, torch.compile: It stopped: why',
      'The run was interrupted: what is missing here was not measured.',
    ])
  })

  it('are none where all aims are reached', () => {
    expect(shortfalls(resultsOf(side('Gauntlet', [10]), side('PyTorch', [13])))).toEqual([])
  })
})

it('the geometric mean is the root of the product, and undefined for no values', () => {
  expect(geometricMean([4, 1])).toBeCloseTo(2)
  expect(geometricMean([])).toBeUndefined()
})
