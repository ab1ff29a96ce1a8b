import { Links, type Level } from '@gauntlet/audit'
import { verifySeal } from '@gauntlet/exchange'
import { Misuse } from './command-failed.ts'
import { quoted } from './print/quoted.ts'
import type { LedgerSession } from './stack/local-ledger.ts'

/** Where the list of a seal's leaves is, and the key that must have signed it. */
type SealFiles = NonNullable<Parameters<typeof verifySeal>[2]>

/**
 * The level of a seal that was kept elsewhere: every fact it covers is in the ledger as it was sealed. What was
 * recorded since is no fault.
 */
export function sealLevel(file: string, session: LedgerSession, files: SealFiles = {}): Level {
  return {
    name: 'seal',
    claim: 'every sealed fact is in the ledger as it was sealed',
    async check({ grid }) {
      const verdict = await verifySeal(file, (work) => work(session), files)
      if (verdict.of !== 'ledger')
        throw new Misuse(
          `${file} is no seal but needs no ledger; check it with npx gauntlet seal --verify ${quoted(file)}.`,
        )
      const { study } = verdict.sealed.seal
      if (study.id !== grid.id)
        throw new Misuse(`${file} seals ${study.name}, not ${grid.name}; name the study that it seals.`)
      const links = new Links()
      const { same, changed, gone } = verdict.comparison
      links.proved(same)
      for (const fact of changed) links.missing(fact, 'is not as it was sealed')
      for (const fact of gone) links.missing(fact, 'was sealed and is gone')
      for (const doubt of verdict.doubts) links.missing('the list of leaves', doubt)
      if (verdict.signature !== 'valid')
        links.attested('Who made the seal was not checked; name the key with --public-key.')
      return links.report()
    },
  }
}
