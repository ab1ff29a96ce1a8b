import { ArtifactMissing } from '@gauntlet/artifacts'
import type { TracedExecution } from '@gauntlet/ledger'
import { digestOf } from '@gauntlet/study'
import { expect, it } from 'vitest'
import { weightChanges } from './weight-changes.ts'

const changes = { digest: digestOf('changes'), size: 20, mediaType: 'application/json' }
const loaded = { stage: 'pretrain-load', generated: { changes } } as unknown as TracedExecution
const bytes = Buffer.from('["the head was left out"]')

it('tells what was done to the weights, of those of earlier versions nothing', async () => {
  const store = { read: () => Promise.resolve(bytes) }
  expect(await weightChanges({ executions: [loaded] }, store)).toEqual(['the head was left out'])
  expect(await weightChanges({ executions: [{ ...loaded, generated: {} }] }, store)).toEqual([])
})

it('says why it is not known where the store has not got it, as after an import', async () => {
  const without = { read: () => Promise.reject(new ArtifactMissing(changes.digest, 'the store')) }
  expect(await weightChanges({ executions: [loaded] }, without)).toContain(
    `Artifact ${changes.digest} is not in the store`,
  )
  const broken = { read: () => Promise.reject(new Error('a bug')) }
  await expect(weightChanges({ executions: [loaded] }, broken)).rejects.toThrow('a bug')
})
