import { configurationsWhere, exportStudy } from '@gauntlet/exchange'
import type { Command } from 'commander'
import { resolve } from 'node:path'
import { Misuse } from '../command-failed.ts'
import { readSigningKey } from '../read/key-files.ts'
import { parseRoles } from '../parse/parse-roles.ts'
import { requireNoFolder } from '../read/require-file.ts'
import { sayNamesakes } from '../read/say-namesakes.ts'
import { withLedger } from '../stack/local-ledger.ts'
import { count } from '../print/count.ts'

interface ExportCommandOptions {
  readonly artifacts?: string
  readonly only?: readonly string[]
  readonly key?: string
  readonly license?: string
  readonly json?: boolean
}

const factors = ['dataset', 'backbone', 'loss', 'protocol', 'seed']

export function addExport(program: Command): void {
  program
    .command('export')
    .description('write a study into one zip that others can open and import: record, seal, tables, lineage, code')
    .argument('<study>', 'name or id of a study that has run')
    .argument('<file>', 'the zip archive to write')
    .option('--artifacts <roles>', 'also these artifacts, such as outcomes,checkpoint,manifest,images; or all')
    .option(
      '--only <factor=values...>',
      'disclose these configurations alone, such as loss=TRADES; the rest is withheld',
    )
    .option('--key <file>', 'sign with this Ed25519 private key in PEM')
    .option('--license <text>', 'the licence of the data, as text or address')
    .option('--json', 'print JSON')
    .action(async (study: string, named: string, { artifacts, only, key, license, json }: ExportCommandOptions) => {
      const file = resolve(named)
      await requireNoFolder(file)
      const exported = await withLedger(async (session) => {
        await sayNamesakes(session.db, study)
        return exportStudy(session, study, file, {
          roles: parseRoles(artifacts),
          only: only === undefined ? null : await configurationsWhere(session, study, parseFactors(only)),
          signer: await readSigningKey(key),
          ...(license === undefined ? {} : { license }),
          onProgress: session.progress,
        })
      })
      if (json) return console.log(JSON.stringify({ ...exported, file }, null, 2))
      const { numbers, withheld, artifacts: carried, missing } = exported
      const gone = missing > 0 ? ` (${missing} more ${missing === 1 ? 'is' : 'are'} not in the store)` : ''
      const kept = withheld > 0 ? `, ${count(withheld, 'fact')} withheld` : ''
      console.log(exported.line)
      console.log(`Wrote ${count(numbers, 'number')} and ${count(carried, 'artifact')}${gone}${kept} to ${file}.`)
    })
}

/** `loss=TRADES seed=1,2` as the values asked for of each factor, which may be named more than once. */
function parseFactors(texts: readonly string[]): Record<string, readonly string[]> {
  const asked: Record<string, string[]> = {}
  for (const text of texts) {
    const [factor = '', values = ''] = text.split(/=(.*)/s)
    if (!factors.includes(factor) || values === '')
      throw new Misuse(`--only ${text} names no factor; give one of ${factors.join(', ')}, such as loss=TRADES.`)
    asked[factor] = [...(asked[factor] ?? []), ...values.split(',')]
  }
  return asked
}
