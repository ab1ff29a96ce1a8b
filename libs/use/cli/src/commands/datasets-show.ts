import { writeFileAtomically } from '@gauntlet/files'
import { contactSheet, encodePng, type Tile } from '@gauntlet/pictures'
import type { Command } from 'commander'
import { locateDataset } from '../read/locate-dataset.ts'
import { requireOtherFile } from '../read/require-file.ts'
import { readCommandSettings } from '../settings.ts'
import { renderTable } from '../print/table.ts'

/** Images of a row of the sheet, and their side in pixels, which is that of a tile. */
const [perClass, side] = [8, 136]

export function addDatasetsShow(datasets: Command): void {
  datasets
    .command('show')
    .description('list the classes of a dataset with their images, and draw samples of each')
    .argument('<dataset>', 'path of a folder or archive, a source such as hf:… or https:…, or an id of the catalogue')
    .option('--sheet <file>', `PNG file for a picture with ${perClass} images of each class`)
    .option('--json', 'print the classes as a JSON array')
    .action(async (named: string, { sheet, json }: { sheet?: string; json?: boolean }) => {
      const { path } = await locateDataset(named, readCommandSettings().cache)
      if (sheet !== undefined) await requireOtherFile(sheet, [path])
      const { sampleDataset } = await import('@gauntlet/datasets/inspection') // loads decoders
      const samples = await sampleDataset(path, sheet === undefined ? 0 : perClass, side)
      const rows = samples.map(({ name, count }, label) => ({ label, name, count }))
      console.log(json ? JSON.stringify(rows, null, 2) : renderTable(columns, rows))
      if (sheet === undefined) return
      const drawn = samples.filter(({ images }) => images.length > 0)
      const tiles = drawn.map(({ name, images }) => images.map((image, i) => tileOf(image, i === 0 ? name : '')))
      await writeFileAtomically(sheet, encodePng(contactSheet(tiles)))
      if (!json)
        console.log(
          `\nWrote ${sheet}: ${drawn.length} ${drawn.length === 1 ? 'class' : 'classes'}, ${perClass} images of each at most.`,
        )
    })
}

const columns = [
  { heading: 'label', align: 'right', cell: ({ label }: { label: number }) => String(label) },
  { heading: 'class', cell: ({ name }: { name: string }) => name },
  { heading: 'images', align: 'right', cell: ({ count }: { count: number }) => count.toLocaleString('en') },
] as const

function tileOf(image: Uint8Array, title: string): Tile {
  return { pixels: Float32Array.from(image, (level) => level / 255), side, title, verdict: '', isRight: null }
}
