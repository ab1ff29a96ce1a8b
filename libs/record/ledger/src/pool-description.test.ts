import { expect, it } from 'vitest'
import { useLedger } from './ledger.fixture.ts'
import { lastPoolDescription, recordPool } from './pool-description.ts'
import { poolDescription } from './schema/index.ts'

const ledger = useLedger()

it('gives what a pool said last, also where it said so before', async () => {
  const last = async (pool: string) => (await lastPoolDescription(ledger.db, pool))?.document ?? null
  expect(await last('default')).toBeNull()
  await recordPool(ledger.db, 'default', { precision: 'float32' })
  await recordPool(ledger.db, 'default', { precision: 'bfloat16' })
  await recordPool(ledger.db, 'other', { precision: 'float16' })
  expect(await last('default')).toEqual({ precision: 'bfloat16' })
  await recordPool(ledger.db, 'default', { precision: 'float32' })
  expect(await last('default')).toEqual({ precision: 'float32' })
  expect(await ledger.db.$count(poolDescription)).toBe(3)
})
