import { describe, expect, it } from 'vitest'
import { requireUsable, timeLimit } from './sbatch-options.ts'

describe('options of sbatch', () => {
  it.each([
    '--job-name=x',
    '--job-n=x',
    '-Jx',
    '-J',
    '-HJx',
    '--output',
    '--out=x',
    '-o',
    '--error=x',
    '-ex',
    '--array=1-9',
    '-a1-9',
  ])('are refused where Gauntlet sets them: %s', (option) => {
    expect(() => requireUsable([option, 'x'], 120)).toThrow(`leave out ${option}.`)
  })

  it.each([
    [['--clusters=other', '--clus=other', '-M', '-Mother', '-HMother'], 'would not find those of another one'],
    [['--requeue', '--req'], 'would count one that SLURM queues again as ended'],
    [['--wait', '-W', '-HW'], 'would not return before its jobs have ended'],
    [['--test-only', '--test'], 'would submit nothing'],
  ])('are refused where jobs could not be counted: %s', (options, why) => {
    for (const option of options)
      expect(() => requireUsable([option], 120)).toThrow(new RegExp(`${why}; leave out ${option}\\.$`))
  })

  it('are taken where they say where and how long jobs run', () => {
    const options = ['--partition=gpu', '-p', 'gpu', '-t4:00:00', '--export=NONE', '--exclusive', '--account', 'me']
    options.push('--no-requeue', '--wait-all-nodes=1', '--cluster-constraint=x', '-N1', '-pMIG', '--time=1:00:00')
    expect(() => requireUsable([...options, '--time=4', '--open-mode=append', '-A', 'me'], 120)).not.toThrow()
  })

  it.each([['--time=3'], ['--time', '3:59'], ['-t3'], ['-t', '0:03:00'], ['--time-min=3']])(
    'are refused where a job is hardly longer than its worker takes to stop: %s %s',
    (...options) => {
      expect(() => requireUsable(options, 120)).toThrow('give --time at least 4 (minutes), or a shorter --drain')
    },
  )
})

it('times are read as sbatch reads them', () => {
  const times = ['90', '90:30', '1:30:00', '2-1', '2-1:30', '2-1:30:15', '0', 'UNLIMITED', '1:2:3:4']
  const [hour, day] = [3_600, 86_400]
  const seconds = [90 * 60, 90 * 60 + 30, 1.5 * hour, 2 * day + hour, 2 * day + 1.5 * hour, 2 * day + 1.5 * hour + 15]
  expect(times.map(timeLimit)).toEqual([...seconds, null, null, null])
})
