import { backboneCatalogue, type BackboneFacts } from '@gauntlet/study'
import type { Command } from 'commander'
import { renderTable, type Column } from '../print/table.ts'

export function addBackbones(program: Command): void {
  program
    .command('backbones')
    .description(
      'list every backbone: size, parameters, cost, how its checkpoint expects pixels, and where its weights come from',
    )
    .option('--json', 'print the rows as a JSON array')
    .action(({ json }: { json?: boolean }) => {
      const rows = backboneCatalogue.map(backboneRow)
      console.log(json ? JSON.stringify(rows, null, 2) : renderTable(columns, rows))
    })
}

/** A line of the table, and an element of the JSON array. Counts are whole numbers there. */
interface BackboneRow extends Omit<BackboneFacts, 'native' | 'pretrainedClasses'> {
  readonly inputContract: BackboneFacts['native']
}

function backboneRow(facts: BackboneFacts): BackboneRow {
  const { native, pretrainedClasses: _, ...rest } = facts
  return { ...rest, inputContract: native }
}

const columns: readonly Column<BackboneRow>[] = [
  { heading: 'backbone', cell: ({ id }) => id },
  { heading: 'family', cell: ({ family }) => family },
  { heading: 'size', cell: ({ size }) => size ?? '–' },
  { heading: 'type', cell: ({ familyType }) => familyType },
  { heading: 'parameters', align: 'right', cell: ({ parameters }) => `${(parameters / 1e6).toFixed(1)} M` },
  { heading: 'GMACs', align: 'right', cell: ({ multiplyAccumulates }) => (multiplyAccumulates / 1e9).toFixed(2) },
  { heading: 'pixels', align: 'right', cell: ({ inputContract }) => `${inputContract.side}²` },
  { heading: 'mean', cell: ({ inputContract }) => shortTriple(inputContract.mean) },
  { heading: 'deviation', cell: ({ inputContract }) => shortTriple(inputContract.deviation) },
  { heading: 'order', cell: ({ inputContract }) => inputContract.channelOrder },
  { heading: 'source', cell: ({ weights }) => weights?.source ?? 'none published' },
]

/** Three values as `.485 .456 .406`, or one value where they are the same. */
function shortTriple(values: readonly number[]): string {
  const texts = values.map((value) => String(Number(value.toFixed(3))).replace(/^0(?=\.)/, ''))
  return new Set(texts).size === 1 ? texts[0]! : texts.join(' ')
}
