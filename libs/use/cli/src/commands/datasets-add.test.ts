import { emptyFolder } from '@gauntlet/files/fixtures/empty-folder'
import { encodePng } from '@gauntlet/pictures'
import { parseStudy } from '@gauntlet/study'
import { Command } from 'commander'
import { appendFileSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { addDatasetsAdd } from './datasets-add.ts'

const study = `name: mine
datasets: [digits]
backbones: [tf_efficientnet_lite0.in1k]
losses: [TRADES]
protocols: [FFT-2]
evaluator: apgd-ce
`

const add = (dataset: string, file: string) => {
  const datasets = new Command()
  addDatasetsAdd(datasets)
  return datasets.parseAsync(['add', dataset, '--study', file], { from: 'user' })
}

/** A folder with a study file behind a link, and two datasets of two classes. */
function folderWithStudy() {
  vi.spyOn(console, 'log').mockReturnValue()
  const folder = emptyFolder()
  const [file, link] = [join(folder, 'real.study.yaml'), join(folder, 'mine.study.yaml')]
  writeFileSync(file, study)
  symlinkSync('real.study.yaml', link)
  const [one, two] = ['one', 'two'].map((name, i) => {
    for (const label of ['a', 'b']) {
      mkdirSync(join(folder, name, label), { recursive: true })
      for (let n = 0; n < 8; n++) {
        const data = new Uint8Array(3).fill(16 * n + 2 * i + (label === 'a' ? 0 : 1))
        writeFileSync(join(folder, name, label, `${n}.png`), encodePng({ width: 1, height: 1, data }))
      }
    }
    return join(folder, name)
  })
  return { folder, file, link, one: one!, two: two! }
}

it('adds two datasets at once, through a link that stays one', async () => {
  const { file, link, one, two } = folderWithStudy()
  await Promise.all([add(one, link), add(two, link)])
  expect(lstatSync(link).isSymbolicLink()).toBe(true)
  const text = readFileSync(file, 'utf8')
  expect(text).toContain(`id: "one"`)
  expect(text).toContain(`id: "two"`)
})

it('leaves the file as it is, with what others write meanwhile, where a dataset cannot be added', async () => {
  const { folder, file, link } = folderWithStudy()
  const failing = add(join(folder, 'none'), link)
  appendFileSync(file, '# written meanwhile\n')
  await expect(failing).rejects.toThrow('none')
  expect(readFileSync(file, 'utf8')).toBe(`${study}# written meanwhile\n`)
  expect(parseStudy(readFileSync(file), file).name).toBe('mine')
})
