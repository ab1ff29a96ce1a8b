import { listStudies, searchLedger, type ListedStudy } from '@gauntlet/ledger'
import type { Command } from 'commander'
import { withLedger } from '../stack/local-ledger.ts'
import { renderTable } from '../print/table.ts'

export function addStudies(program: Command): void {
  program
    .command('studies')
    .description('list the studies of the ledger, the latest first')
    .argument('[text]', 'only those with this text in name, owner, labels or notes')
    .option('--json', 'print JSON')
    .action(async (text: string | undefined, { json }: { json?: boolean }) => {
      await withLedger(async ({ db }) => {
        const all = await listStudies(db)
        const hits = text === undefined ? [] : await searchLedger(db, text, all.length + 1)
        const found = new Set(hits.flatMap(({ kind, studyId }) => (kind === 'study' ? [studyId] : [])))
        const studies = text === undefined ? all : all.filter(({ id }) => found.has(id))
        console.log(json ? JSON.stringify(studies, null, 2) : renderTable(columns, studies))
      })
    })
}

const columns = [
  { heading: 'study', cell: ({ name }: ListedStudy) => name },
  { heading: 'id', cell: ({ id }: ListedStudy) => id.slice(0, 12) },
  {
    heading: 'numbers',
    align: 'right' as const,
    cell: ({ numbers, configurations, perturbations }: ListedStudy) => `${numbers}/${configurations * perturbations}`,
  },
  { heading: 'recorded', cell: ({ createdAt }: ListedStudy) => createdAt.toISOString().slice(0, 16).replace('T', ' ') },
  { heading: 'owner', cell: ({ owner }: ListedStudy) => owner ?? '' },
  { heading: 'labels', cell: ({ labels }: ListedStudy) => labels.join(', ') },
  { heading: 'notes', cell: ({ notes }: ListedStudy) => (notes ?? '').slice(0, 60) },
]
