import { expect, it } from 'vitest'
import { Misuse } from '../command-failed.ts'
import { callCommand } from './call-command.fixture.ts'
import { addGc, parseGrace } from './gc.ts'

it('takes a grace period in hours or days', () => {
  expect(parseGrace('1h')).toBe(3_600_000)
  expect(parseGrace('36h')).toBe(36 * 3_600_000)
  expect(parseGrace('7d')).toBe(7 * 24 * 3_600_000)
})

it.each(['0h', '', '7', '7 d', '-1d', '1.5h', '30m', '1e3d'])('refuses %j, and any that is under an hour', (text) => {
  expect(() => parseGrace(text)).toThrow(Misuse)
})

it('refuses to pin and unpin in one call', async () => {
  const call = callCommand(addGc, 'gc', '--pin', 'a'.repeat(64), '--unpin', 'b'.repeat(64))
  await expect(call).rejects.toThrow('--pin and --unpin are two calls; give one of them.')
})
