import { readTextPinned } from '@gauntlet/client'
import { exclusively, writeFileAtomically } from '@gauntlet/files'
import { addDataset, lockFileName } from '@gauntlet/study'
import type { Command } from 'commander'
import { existsSync } from 'node:fs'
import { readFile, realpath } from 'node:fs/promises'
import { basename, dirname, relative, resolve, sep } from 'node:path'
import { Misuse } from '../command-failed.ts'
import { sourceNamed } from '../read/locate-dataset.ts'
import { readCommandSettings } from '../settings.ts'

export function addDatasetsAdd(datasets: Command): void {
  datasets
    .command('add')
    .description('add a dataset to a study file, and pin its bytes and classes in the lock beside it')
    .argument('<dataset>', 'path of a folder or archive, a source such as hf:… or https:…, or an id of the catalogue')
    .requiredOption('--study <file>', 'study file to add it to')
    .option('--id <id>', 'its name in the study (default: made of the name of the folder or file)')
    .action(async (named: string, { study, id = idOf(named) }: { study: string; id?: string }) => {
      if (!existsSync(study)) throw new Misuse(`There is no study file ${study}; give the path of one.`)
      const source = sourceFrom(named, study)
      const place = await realpath(study) // a link to the file stays one
      const withDataset = async () => addDataset(await readFile(place, 'utf8'), study, { id, source })
      const { cache } = readCommandSettings()
      const pinned = (text: string) => readTextPinned(text, resolve(study), { cache, ...silent })
      await pinned(await withDataset()) // which may take long, so that the file may be another one meanwhile
      const { datasets: added } = await exclusively(`${place}.writing`, async () => {
        const text = await withDataset()
        const { study: read } = await pinned(text)
        await writeFileAtomically(place, text)
        return read
      })
      console.log(`Added ${id} (${added.get(id)!.classes} classes) to ${study}, pinned in ${lockFileName(study)}.`)
    })
}

const silent = { onProgress: () => undefined, onPinned: () => undefined }

/** The source as the study writes it: what lies on this machine by its path from the study's folder. */
export function sourceFrom(named: string, study: string): string {
  const source = sourceNamed(named)
  if (!source.startsWith('file:/') || named.startsWith('file:/')) return source
  const path = relative(dirname(resolve(study)), source.slice('file:'.length))
    .split(sep)
    .join('/')
  return `file:${path === '' ? '.' : path}`
}

/** An id made of a path or source: its last part without endings, in the letters that ids have. */
export function idOf(named: string): string {
  const last = basename(named.replace(/@[^/]*$/, '').replace(/\/+$/, ''))
  const plain = last
    .replace(/(?:_processed)?\.(?:zip|tgz|parquet|tar(?:\.\w+)?)$/i, '')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
  return plain.replace(/^[^A-Za-z0-9]+/, '').slice(0, 100) || 'data'
}
