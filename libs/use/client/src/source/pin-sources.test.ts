import { parseStudy, withLock, type PinnedSource, type SourceLock } from '@gauntlet/study'
import { expect, it } from 'vitest'
import { mergeLocks, pinSources } from './pin-sources.ts'

const study = `name: tiny
datasets: [digits]
backbones: [tf_efficientnet_lite0.in1k, resnet50.a1_in1k, coat_tiny.in1k]
losses: [TRADES]
protocols: [FFT-2]
evaluator: apgd-ce
`
const [resnet, coat] = ['resnet50.a1_in1k', 'coat_tiny.in1k'].map((id) => `hf:timm/${id}/model.safetensors@main`) as [
  string,
  string,
]
const [a, b] = ['a'.repeat(64), 'b'.repeat(64)]
const pinnedTo = (sha256: string) => (source: string) => ({ source: source.replace('@main', '@0123'), sha256 })
const lockOf = (...entries: [string, PinnedSource][]): SourceLock => new Map(entries)

it('asks once for each source that neither the catalogue nor the lock pins', async () => {
  const asked: string[] = []
  const identify = (source: string) => {
    asked.push(source)
    return Promise.resolve(pinnedTo(a)(source))
  }
  const existing = lockOf([coat, pinnedTo(b)(coat)])
  const found = new Map(await allOf(pinSources(study, 'tiny.study.yaml', existing, identify)))
  expect(asked).toEqual([resnet])
  const locked = withLock(study, mergeLocks(existing, found, 'tiny.lock.yaml'), 'tiny.study.yaml')
  const digests = [...parseStudy(locked, 'tiny.study.yaml').backbones.values()].map(({ sha256 }) => sha256)
  expect(digests.slice(1)).toEqual([a, b])
})

it('keeps the existing pin, with its commit, where the bytes are the same', () => {
  const existing = lockOf([resnet, { source: resnet.replace('main', 'old'), sha256: a }])
  expect(mergeLocks(existing, lockOf([resnet, pinnedTo(a)(resnet)]), 'x.lock.yaml')).toEqual(existing)
})

it('refuses other bytes and names both digests', () => {
  expect(() =>
    mergeLocks(lockOf([resnet, pinnedTo(a)(resnet)]), lockOf([resnet, pinnedTo(b)(resnet)]), 'x.lock.yaml'),
  ).toThrow(
    `${resnet} has SHA-256 ${b} now and ${a} in x.lock.yaml; restore the former bytes, or remove its lines there to accept the new ones.`,
  )
})

it('yields each pin before it fails at the next source', async () => {
  const identify = (source: string) =>
    source === coat ? Promise.reject(new Error('cannot be reached')) : Promise.resolve(pinnedTo(a)(source))
  const pins = pinSources(study, 'tiny.study.yaml', new Map(), identify)
  expect((await pins.next()).value).toEqual([resnet, pinnedTo(a)(resnet)])
  await expect(pins.next()).rejects.toThrow('cannot be reached')
})

async function allOf<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = []
  for await (const item of items) all.push(item)
  return all
}
