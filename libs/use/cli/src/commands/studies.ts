import { listStudies, usualListLength, type ListedStudy } from '@gauntlet/ledger'
import type { Command } from 'commander'
import { wholeNumber } from '../parse/whole-number.ts'
import { renderTable } from '../print/table.ts'
import { withLedger } from '../stack/local-ledger.ts'
import { minute } from '../print/moment.ts'

interface StudiesOptions {
  readonly limit: number
  readonly json?: boolean
}

export function addStudies(program: Command): void {
  program
    .command('studies')
    .description('list the studies of the ledger, the latest first')
    .argument('[text]', 'only those with this text in name, owner, labels or notes, or at the beginning of their id')
    .option('--limit <count>', 'list at most so many', wholeNumber('--limit', 1, 1_000_000), usualListLength)
    .option('--json', 'print a JSON object: the studies that are listed, and the total of those that there are')
    .action(async (text: string | undefined, { limit, json }: StudiesOptions) => {
      await withLedger(async ({ db }) => {
        const list = await listStudies(db, { text, limit })
        const { studies, total } = list
        if (json) return console.log(JSON.stringify(list, null, 2))
        if (total === 0) return console.log(noneSentence(text))
        console.log(renderTable(columns, studies))
        const [listed, all] = [studies.length, total].map((count) => count.toLocaleString('en'))
        if (studies.length < total)
          console.log(`\n${listed} of ${all} studies, the latest; more with: --limit ${total}`)
      })
    })
}

function noneSentence(text: string | undefined): string {
  return text === undefined
    ? 'The ledger has no study yet; run one with: npx gauntlet run quickstart'
    : `No study has ${JSON.stringify(text)} in its name, owner, labels or notes, or at the beginning of its id.`
}

const columns = [
  { heading: 'study', cell: ({ name }: ListedStudy) => name },
  { heading: 'id', cell: ({ id }: ListedStudy) => id.slice(0, 12) },
  {
    heading: 'numbers',
    align: 'right' as const,
    cell: ({ numbers, configurations, perturbations }: ListedStudy) => `${numbers}/${configurations * perturbations}`,
  },
  { heading: 'recorded', cell: ({ createdAt }: ListedStudy) => minute(createdAt) },
  { heading: 'owner', cell: ({ owner }: ListedStudy) => owner ?? '' },
  { heading: 'labels', cell: ({ labels }: ListedStudy) => labels.join(', ') },
  { heading: 'notes', cell: ({ notes }: ListedStudy) => (notes ?? '').slice(0, 60) },
]
