import { digestOf } from '@gauntlet/study'
import { expect, it } from 'vitest'
import { useLedger } from '../ledger.fixture.ts'
import { declaredPools, declarePool, holdPool, placeConfigurations, placements, poolEnvironment } from './pools.ts'
import { configuration } from '../schema/index.ts'

const ledger = useLedger()
const declaration = { accelerator: 'a100', memory: 40e9, start: { by: 'hand' } } as const
const environment = (name: string) => ({ environmentClass: digestOf(name), environment: { name } })

it('the same declaration changes nothing, another is a new version', async () => {
  expect(await declarePool(ledger.db, 'a', declaration)).toMatchObject({ version: 1, environmentClass: null })
  expect(await declarePool(ledger.db, 'a', { start: { by: 'hand' }, memory: 40e9, accelerator: 'a100' })).toMatchObject(
    {
      version: 1,
    },
  )
  expect(await declarePool(ledger.db, 'a', { ...declaration, memory: 80e9 })).toMatchObject({
    version: 2,
    memory: 80e9,
  })
  expect((await declaredPools(ledger.db)).map(({ name, version }) => [name, version])).toEqual([['a', 2]])
})

it('several that declare a pool at the same time make one version', async () => {
  const made = await Promise.all(Array.from({ length: 8 }, () => declarePool(ledger.db, 'b', declaration)))
  expect(new Set(made.map(({ version }) => version))).toEqual(new Set([1]))
})

it('a pool is held to the environment of the first worker, until it is declared anew', async () => {
  await declarePool(ledger.db, 'c', declaration)
  expect(await poolEnvironment(ledger.db, 'c')).toBeNull()
  const answers = await Promise.all(['x', 'y', 'z'].map((name) => holdPool(ledger.db, 'c', environment(name))))
  expect(new Set(answers.map(({ environmentClass }) => environmentClass)).size).toBe(1)
  expect(await poolEnvironment(ledger.db, 'c')).toEqual(answers[0])
  await declarePool(ledger.db, 'c', { ...declaration, accelerator: 'h100' })
  expect(await poolEnvironment(ledger.db, 'c')).toBeNull()
})

it('a pool keeps its environment where only the times and the number of its jobs change', async () => {
  const start = { by: 'slurm', options: ['--partition=a'], maxWorkers: 4, backlog: 2, drainSeconds: 120 } as const
  const declare = (changed: object) =>
    declarePool(ledger.db, 'd', { ...declaration, start: { ...start, idleSeconds: 300, ...changed } })
  await declare({})
  const { environmentClass } = await holdPool(ledger.db, 'd', environment('x'))
  expect(await declare({ idleSeconds: 600, maxWorkers: 8 })).toMatchObject({ version: 2, environmentClass })
  expect(await poolEnvironment(ledger.db, 'd')).toEqual(environment('x'))
  expect(await declare({ options: ['--partition=b'] })).toMatchObject({ version: 3, environmentClass: null })
})

it('a pool that nobody declared holds nobody', async () => {
  expect(await holdPool(ledger.db, 'unknown', environment('x'))).toEqual(environment('x'))
  expect(await poolEnvironment(ledger.db, 'unknown')).toBeNull()
})

it('a configuration is in one pool, and moves where it is placed elsewhere', async () => {
  const [one, other, none] = ['one', 'other', 'none'].map((name) => digestOf(name)) as [string, string, string]
  const cell = { dataset: 'd', backbone: 'b', loss: 'l', protocol: 'p', seed: 1, document: {} as never }
  await ledger.db.insert(configuration).values([one, other].map((id) => ({ id, ...cell })))
  await placeConfigurations(ledger.db, new Map([[one, 'a'], [other, 'b']])) // prettier-ignore
  await placeConfigurations(ledger.db, new Map([[one, 'b']]))
  expect(await placements(ledger.db, [one, other, none])).toEqual(new Map([[one, 'b'], [other, 'b']])) // prettier-ignore
})
