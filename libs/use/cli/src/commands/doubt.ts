import { reportDoubt } from '@gauntlet/audit'
import { speedsOf } from '@gauntlet/client'
import { doubtable, listDoubts, raiseDoubt, withdrawDoubt, type Doubt } from '@gauntlet/ledger'
import type { Command } from 'commander'
import { Misuse } from '../command-failed.ts'
import { renderDoubtReport } from '../print/render-doubt.ts'
import { withLedger, type LedgerSession } from '../stack/local-ledger.ts'
import { day } from '../print/moment.ts'

interface DoubtCommandOptions {
  readonly why?: string
  readonly list?: boolean
  readonly withdraw?: string
  readonly json?: boolean
}

export function addDoubt(program: Command): void {
  program
    .command('doubt')
    .description(
      'say what rests on an artifact, on code or on a dataset, and mark those numbers until the doubt is withdrawn or the artifact made again',
    )
    .argument(
      '[subject]',
      'the digest of an artifact, of code or of a source, or its beginning; or the id of a dataset',
    )
    .option('--why <text>', 'record the doubt for this reason; without it, only say what rests on the subject')
    .option('--list', 'list the doubts instead')
    .option('--withdraw <number>', 'withdraw this doubt instead, for the reason that --why gives')
    .option('--json', 'print JSON')
    .action(async (subject: string | undefined, options: DoubtCommandOptions) => {
      const { why, list, withdraw, json = false } = options
      if (why?.trim() === '') throw new Misuse('--why is empty; give the reason.')
      await withLedger(async (session) => {
        if (list) return console.log(renderDoubts(await listDoubts(session.db), json))
        if (withdraw !== undefined) return withdrawOne(session, withdraw, why, json)
        if (subject === undefined) throw new Misuse('Name what is doubted, or give --list or --withdraw.')
        await doubtOne(session, subject, why, json)
      })
    })
}

async function doubtOne({ db, settings }: LedgerSession, subject: string, why: string | undefined, json: boolean) {
  const digest = await doubtable(db, subject)
  const report = await reportDoubt(db, digest, (environmentClass) => speedsOf(settings.home, environmentClass))
  const id = why === undefined ? null : await raiseDoubt(db, digest, why)
  console.log(json ? JSON.stringify({ doubt: id, ...report }, null, 2) : renderDoubtReport(report, id))
}

async function withdrawOne({ db }: LedgerSession, number: string, why: string | undefined, json: boolean) {
  const id = Number(number)
  if (!Number.isInteger(id) || id < 1)
    throw new Misuse(`${number} is no doubt; npx gauntlet doubt --list numbers them.`)
  if (why === undefined) throw new Misuse('Say with --why for what reason the doubt is withdrawn.')
  await withdrawDoubt(db, id, why)
  console.log(json ? JSON.stringify({ withdrawn: id }) : `Doubt ${id} is withdrawn.`)
}

function renderDoubts(doubts: readonly Doubt[], json: boolean): string {
  if (json) return JSON.stringify(doubts, null, 2)
  if (doubts.length === 0) return 'Nothing is doubted.'
  return doubts
    .map(({ id, digest, why, raisedAt, withdrawnAt, withdrawnWhy }) => {
      const end = withdrawnAt ? `\n  withdrawn ${day(withdrawnAt)}: ${withdrawnWhy}` : ''
      return `${id}  ${digest}, ${day(raisedAt)}: ${why}${end}`
    })
    .join('\n')
}
