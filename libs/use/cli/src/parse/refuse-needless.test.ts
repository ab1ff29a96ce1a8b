import { expect, it } from 'vitest'
import { Misuse } from '../command-failed.ts'
import { addSeal } from '../commands/seal.ts'
import { addUp } from '../commands/up.ts'
import { addVerify } from '../commands/verify.ts'
import { callCommand } from '../commands/call-command.fixture.ts'

it.each([
  [addVerify, 'verify s --leaves f', '--leaves needs --seal FILE; correct the call.'],
  [addVerify, 'verify s --part --public-key f', '--part, --public-key needs --seal FILE; correct the call.'],
  [addUp, 'up --host 0.0.0.0', '--host needs --reachable; correct the call.'],
  [addUp, 'up --name a --port 7000', '--port, --name needs --reachable; correct the call.'],
  [addSeal, 'seal s --part', '--part needs --verify FILE; correct the call.'],
  [addSeal, 'seal --verify f --out g', '--out says nothing beside --verify; correct the call.'],
])('refuses an option that another would have to be given for: %o %s', async (add, call, sentence) => {
  await expect(callCommand(add, ...call.split(' '))).rejects.toThrow(new Misuse(sentence))
})
