import { TemporalUnreachable } from '@gauntlet/client'
import { BridgeUnknown } from '@gauntlet/ledger'
import { mkdirSync } from 'node:fs'
import { expect, it, vi } from 'vitest'
import { reportError } from './report-error.ts'

function reported(error: unknown): [code: number, said: string] {
  const said = vi.spyOn(console, 'error').mockReturnValue()
  try {
    return [reportError(error, false), String(said.mock.calls[0]![0])]
  } finally {
    said.mockRestore()
  }
}

it('prints the sentence alone of errors that say what to change', () => {
  expect(reported(new TemporalUnreachable('No server.'))).toEqual([1, 'No server.'])
  const [code, said] = reported(new BridgeUnknown(3, 'smoke'))
  expect([code, said]).toEqual([2, expect.stringMatching(/^There is no bridge 3 of smoke/)])
})

it('says of a folder that cannot be made, not that it is missing', () => {
  try {
    mkdirSync('/proc/nothing')
  } catch (error) {
    expect(reported(error)).toEqual([1, 'No folder can be made at /proc/nothing; name another place.'])
  }
  expect.assertions(1)
})
