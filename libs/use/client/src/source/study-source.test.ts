import { emptyFolder } from '@gauntlet/files/fixtures/empty-folder'
import { commit, serveHub } from '@gauntlet/sources/fixtures/hub'
import { encodePng } from '@gauntlet/pictures'
import { digestOfBytes, expandStudy, parseStudy, studyId } from '@gauntlet/study'
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { readStudy, readStudyPinned, readStudyToPlan } from './study-source.ts'

const silent = { onProgress: () => undefined, onPinned: () => undefined }
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
})
afterEach(() => {
  vi.unstubAllEnvs()
})

async function hub(behaviour = {}) {
  const server = await serveHub({ files, ...behaviour })
  vi.stubEnv('HF_ENDPOINT', server.address)
  return server
}

it('pins the sources of a study at its first use, in a file beside it, and asks for them once', async () => {
  const { requests, stored } = await hub()
  const first = await readStudyPinned(named, folder, silent)
  expect(readFileSync(lock, 'utf8')).toContain(`@${commit}"\n    sha256: "${digestOfBytes(weights)}"`)
  expect(expandStudy(first.study).configurations[0]?.backbone.sha256).toBe(digestOfBytes(weights))
  const again = await readStudyPinned(named, folder, silent)
  expect([studyId(again.study), requests.length, stored.length]).toEqual([studyId(first.study), 1, 0])
  expect(again.bytes).toEqual(readStudy(named).bytes)
})

it('is the same study wherever both files are, without a network', async () => {
  await hub()
  const { study } = await readStudyPinned(named, folder, silent)
  vi.stubEnv('HF_ENDPOINT', 'http://127.0.0.1:9')
  expect(studyId((await readStudyPinned(named, folder, silent)).study)).toBe(studyId(study))
})

it('refuses a study that is not pinned where it may not ask for sources', () => {
  expect(() => readStudy(named)).toThrow("The backbone 'resnet50.a1_in1k' is not pinned yet")
})

it('pins nothing where a source cannot be fetched', async () => {
  await hub({ files: {} })
  await expect(readStudyPinned(named, folder, silent)).rejects.toMatchObject({ name: 'SourceNotFound' })
  expect(existsSync(lock)).toBe(false)
})

it('keeps the existing pins and adds new ones', async () => {
  await hub({ files: { ...files, 'timm/coat_tiny.in1k/model.safetensors': Buffer.from('weights of CoaT') } })
  await readStudyPinned(named, folder, silent)
  const before = readFileSync(lock, 'utf8')
  writeFileSync(named, study.replace('[resnet50.a1_in1k]', '[coat_tiny.in1k, resnet50.a1_in1k]'))
  await readStudyPinned(named, folder, silent)
  const added = readFileSync(lock, 'utf8')
  for (const line of before.split('\n')) expect(added).toContain(line)
  expect(added).toContain(digestOfBytes(Buffer.from('weights of CoaT')))
})

it('pins a study once where two processes pin it at the same time', async () => {
  await hub()
  const both = await Promise.all([readStudyPinned(named, folder, silent), readStudyPinned(named, folder, silent)])
  expect(both.map(({ study }) => studyId(study))[0]).toBe(studyId(both[1].study))
  expect(existsSync(`${lock}.writing`)).toBe(false)
})

it('finds files from the folder of the study, wherever the command runs, and counts their classes', async () => {
  const data = join(folder, 'my flowers é')
  for (const name of ['daisy', 'rose', 'tulip']) {
    mkdirSync(join(data, name), { recursive: true })
    writeFileSync(join(data, name, 'a.png'), encodePng({ width: 1, height: 1, data: Buffer.from(name.slice(0, 3)) }))
  }
  const entry = 'datasets: [{ id: flowers, source: "file:my flowers é" }]\nbackbones: [tf_efficientnet_lite0.in1k]'
  const own = study.replace(/datasets:.*\n.*/, entry)
  writeFileSync(named, own)
  const { study: read, bytes } = await readStudyPinned(named, folder, silent)
  expect(read.datasets.get('flowers')).toMatchObject({ source: `file:${data}`, classes: 3 })
  expect(parseStudy(bytes, named).datasets.get('flowers')).toEqual(read.datasets.get('flowers'))
  expect(readFileSync(lock, 'utf8')).toContain('"file:my flowers é":')
  expect(readFileSync(lock, 'utf8')).not.toContain(folder)

  const moved = emptyFolder()
  cpSync(folder, moved, { recursive: true })
  const elsewhere = readStudy(join(moved, 'tiny.study.yaml'))
  expect(elsewhere.study.datasets.get('flowers')!.source).toBe(`file:${join(moved, 'my flowers é')}`)
  expect(studyId(elsewhere.study)).toBe(studyId(read))
})

describe('a study to plan', () => {
  it.each([
    ['the hub does not answer', () => vi.stubEnv('HF_ENDPOINT', 'http://127.0.0.1:9')],
    ['the hub may not be asked', () => vi.stubEnv('HF_HUB_OFFLINE', '1')],
    [
      'the hub refuses access',
      () => hub({ front: (_: unknown, response: ServerResponse) => response.writeHead(401).end() }),
    ],
  ])('has all its configurations where %s, says what is not pinned, and pins nothing', async (_, arrange) => {
    await arrange()
    vi.stubEnv('HF_HOME', folder)
    writeFileSync(named, study.replace('[resnet50.a1_in1k]', '[resnet50.a1_in1k, coat_tiny.in1k]'))
    const { study: outline, unreachable } = await readStudyToPlan(named, folder, silent)
    expect(expandStudy(outline).configurations).toHaveLength(2)
    expect([...unreachable.keys()]).toEqual([
      expect.stringMatching(/^hf:timm\/resnet50/),
      expect.stringMatching(/^hf:timm\/coat_tiny/),
    ])
    expect(existsSync(lock)).toBe(false)
    expect(() => readStudy(named)).toThrow('is not pinned yet')
  })

  it('is the same as the study to run where all is reached', async () => {
    await hub()
    const { study: outline, unreachable } = await readStudyToPlan(named, folder, silent)
    expect(unreachable.size).toBe(0)
    expect(studyId(outline)).toBe(studyId(readStudy(named).study))
  })
})
