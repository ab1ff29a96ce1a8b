import { expect, it } from 'vitest'
import { renderDurations, suiteDurations } from './suite-durations.ts'

const file = (name: string, seconds: number) => ({
  name: `/workspace/${name}`,
  status: 'passed',
  startTime: 5_000,
  endTime: 5_000 + 1_000 * seconds,
  assertionResults: [],
})

it('adds up the files of each room, the longest room first', () => {
  const testResults = [
    file('libs/science/nn/src/linear.test.ts', 1),
    file('libs/science/nn/src/pooling.test.ts', 2),
    file('workers/gpu/src/stages/context.test.ts', 4),
    file('infra/setup/failures.test.ts', 3.5),
    file('test/parity/backbones/parity.test.ts', 9),
  ]
  const durations = suiteDurations({ testResults }, '/workspace')
  expect(durations.map(({ suite, files, seconds }) => [suite, files, seconds])).toEqual([
    ['test/parity', 1, 9],
    ['workers/gpu', 1, 4],
    ['infra', 1, 3.5],
    ['libs/science/nn', 2, 3],
  ])
  expect(renderDurations(durations).split('\n')[2]).toBe('| test/parity | 1 | 9 |')
})
