import { emptyFolder } from '@gauntlet/files/fixtures/empty-folder'
import { commit, serveHub } from '@gauntlet/sources/fixtures/hub'
import { digestOfBytes, expandStudy, studyId } from '@gauntlet/study'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { readStudy, readStudyPinned } from './study-source.ts'

const weights = Buffer.from('weights of ResNet-50')
const files = { 'timm/resnet50.a1_in1k/model.safetensors': weights }
const study = `name: tiny
datasets: [digits]
backbones: [resnet50.a1_in1k]
losses: [TRADES]
protocols: [FFT-2]
evaluator: apgd-ce
`

let folder: string
let named: string
let lock: string
beforeEach(() => {
  folder = emptyFolder()
  named = join(folder, 'tiny.study.yaml')
  lock = join(folder, 'tiny.lock.yaml')
  writeFileSync(named, study)
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

async function hub(behaviour = {}) {
  const server = await serveHub({ files, ...behaviour })
  vi.stubEnv('HF_ENDPOINT', server.address)
  return server
}

it('pins what a study names at its first use, in a file beside it, and asks nobody again', async () => {
  const { requests, stored } = await hub()
  const first = await readStudyPinned(named, folder)
  expect(readFileSync(lock, 'utf8')).toContain(`@${commit}"\n    sha256: "${digestOfBytes(weights)}"`)
  expect(expandStudy(first.study).configurations[0]?.backbone.sha256).toBe(digestOfBytes(weights))
  const again = await readStudyPinned(named, folder)
  expect([studyId(again.study), requests.length, stored.length]).toEqual([studyId(first.study), 1, 0])
  expect(again.bytes).toEqual(readStudy(named).bytes)
})

it('is the same study for whoever has both files, without a network', async () => {
  await hub()
  const { study } = await readStudyPinned(named, folder)
  vi.stubEnv('HF_ENDPOINT', 'http://127.0.0.1:9')
  expect(studyId((await readStudyPinned(named, folder)).study)).toBe(studyId(study))
})

it('does not even read what is not pinned where nothing may be asked', () => {
  expect(() => readStudy(named)).toThrow("The backbone 'resnet50.a1_in1k' is not pinned yet")
})

it('pins nothing where a source cannot be had', async () => {
  await hub({ files: {} })
  await expect(readStudyPinned(named, folder)).rejects.toMatchObject({ name: 'SourceNotFound' })
  expect(existsSync(lock)).toBe(false)
})

it('leaves a pin that stands, and adds to it', async () => {
  await hub({ files: { ...files, 'timm/coat_tiny.in1k/model.safetensors': Buffer.from('weights of CoaT') } })
  await readStudyPinned(named, folder)
  const before = readFileSync(lock, 'utf8')
  writeFileSync(named, study.replace('[resnet50.a1_in1k]', '[coat_tiny.in1k, resnet50.a1_in1k]'))
  await readStudyPinned(named, folder)
  const added = readFileSync(lock, 'utf8')
  for (const line of before.split('\n')) expect(added).toContain(line)
  expect(added).toContain(digestOfBytes(Buffer.from('weights of CoaT')))
})

it('that is pinned by two at once is pinned once', async () => {
  await hub()
  const both = await Promise.all([readStudyPinned(named, folder), readStudyPinned(named, folder)])
  expect(both.map(({ study }) => studyId(study))[0]).toBe(studyId(both[1].study))
  expect(existsSync(`${lock}.writing`)).toBe(false)
})
