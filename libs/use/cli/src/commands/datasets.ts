import { datasetCatalogue, type DatasetFacts } from '@gauntlet/study'
import type { Command } from 'commander'
import { renderTable, type Column } from '../print/table.ts'
import { addDatasetsAdd } from './datasets-add.ts'
import { addDatasetsCheck } from './datasets-check.ts'
import { addDatasetsShow } from './datasets-show.ts'

/** `gauntlet datasets` lists what ships, and looks at one's own. Each verb has a file of its own. */
export function addDatasets(program: Command): void {
  const datasets = program
    .command('datasets')
    .description('list the datasets of the catalogue; check, show and add your own')
    .option('--json', 'print the rows as a JSON array')
    .action(({ json }: { json?: boolean }) => {
      console.log(json ? JSON.stringify(datasetCatalogue, null, 2) : renderTable(columns, datasetCatalogue))
    })
  for (const add of [addDatasetsCheck, addDatasetsShow, addDatasetsAdd]) add(datasets)
}

const columns: readonly Column<DatasetFacts>[] = [
  { heading: 'dataset', cell: ({ id }) => id },
  { heading: 'classes', align: 'right', cell: ({ classes }) => String(classes) },
  ...(['train', 'validation', 'test'] as const).map((split): Column<DatasetFacts> => ({
    heading: split,
    align: 'right',
    cell: ({ splitSizes }) => splitSizes[split].toLocaleString('en'),
  })),
  { heading: 'source', cell: ({ source }) => source },
]
