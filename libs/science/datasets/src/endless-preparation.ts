import { openDataset } from './open-dataset.ts'
import { packDataset } from './pack-dataset.ts'
import { tinySpecification } from './tiny-dataset.fixture.ts'
import { join } from 'node:path'

/*
 * Packs a dataset and reads it with an empty cache of decoded images, again and again, until it is killed
 * (interrupted.test.ts). The arguments are the source and a folder.
 */
const [source, folder] = process.argv.slice(2) as [string, string]
const images = join(folder, 'images')

for (let time = 0; ; time++) {
  const { manifest } = await packDataset(tinySpecification, source, images)
  const reader = openDataset({ manifest, images, decodedFolder: join(folder, `decoded ${time}`) })
  for (let index = 0; index < reader.count('train'); index++) await reader.read('train', [index])
  await reader.close()
  process.stdout.write('.')
}
