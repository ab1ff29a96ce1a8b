import { ArtifactCorrupt, ArtifactMissing } from '@gauntlet/artifacts'
import { InvalidDataset } from '@gauntlet/datasets'
import { LedgerUnreachable, LineageBroken } from '@gauntlet/ledger'
import { digestOf } from '@gauntlet/study'
import { expect, it } from 'vitest'
import { asFailure } from './classed.ts'

const wrapped = (code: string) => new Error('Failed query', { cause: Object.assign(new Error('said'), { code }) })

it.each([
  ['a lost artifact', new ArtifactMissing(digestOf('a'), 'store'), 'ArtifactLost', [true, true]],
  ['a corrupt artifact', new ArtifactCorrupt(digestOf('a'), 'store', 'flipped'), 'ArtifactLost', [true, true]],
  ['a manifest that is none', new InvalidDataset('x'), 'InvalidInput', [true, true]],
  ['rows that contradict', new LineageBroken('x'), 'Bug', [false, true]],
  ['wrong code', new TypeError('x'), 'Bug', [false, true]],
  ['a constraint of a table', wrapped('23505'), 'Bug', [false, true]],
  ['a lost connection to Postgres', wrapped('ECONNREFUSED'), 'Transient', [false, false]],
  ['a connection that Postgres ended', new Error('Connection terminated unexpectedly'), 'Transient', [false, false]],
  ['a server that shuts down', wrapped('57P01'), 'Transient', [false, false]],
  ['a deadlock', wrapped('40P01'), 'Transient', [false, false]],
  ['no answer from Postgres', new LedgerUnreachable('postgres://h/d', 'refused'), 'Transient', [false, false]],
  ['a full disk', Object.assign(new Error('x'), { code: 'ENOSPC' }), 'Transient', [false, false]],
  ['what is no error', 'text', 'Bug', [false, true]],
] as const)('%s gets its class, and is retried where that can help', (_, error, type, isFinal) => {
  const failures = [asFailure(error, 1), asFailure(error, 3)]
  expect(failures.map((failure) => failure.type)).toEqual([type, type])
  expect(failures.map(({ nonRetryable }) => nonRetryable)).toEqual(isFinal)
})

it('says which artifact was lost', () => {
  expect(asFailure(new ArtifactMissing(digestOf('a'), 'store'), 1).details).toEqual([{ lostArtifact: digestOf('a') }])
})
