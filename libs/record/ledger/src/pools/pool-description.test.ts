import { digestOf } from '@gauntlet/study'
import { expect, it } from 'vitest'
import { useLedger } from '../ledger.fixture.ts'
import { lastPoolDescription, recordPool } from './pool-description.ts'
import { poolDescription } from '../schema/index.ts'

const ledger = useLedger()

const described = (precision: string, ...codes: string[]) => ({
  precision,
  codeDigests: Object.fromEntries(codes.map((code) => [code, digestOf(code)])),
})

it('gives what a pool said last of the codes asked for, also where it said so before', async () => {
  const last = async (pool: string, ...codes: string[]) =>
    (await lastPoolDescription(ledger.db, pool, codes))?.document ?? null
  const [float32, bfloat16] = [described('float32', 'fine-tune/Swin', 'checkpoint/Swin'), described('bfloat16')]
  expect(await last('default')).toBeNull()
  await recordPool(ledger.db, 'default', float32)
  await recordPool(ledger.db, 'default', bfloat16)
  await recordPool(ledger.db, 'other', described('float16'))
  expect(await last('default')).toEqual(bfloat16)
  expect(await last('default', 'fine-tune/Swin')).toEqual(float32)
  expect(await last('default', 'fine-tune/Swin', 'fine-tune/CoAtNet')).toBeNull()
  await recordPool(ledger.db, 'default', float32)
  expect(await last('default')).toEqual(float32)
  expect(await ledger.db.$count(poolDescription)).toBe(3)
})
