import * as backbones from '@gauntlet/backbones'
import { backboneFamilies } from '@gauntlet/study'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { buildBundle } from './build-bundle.ts'
import { bundleEntry, BundleUnknown, modelsByFamily } from './bundle-entry.ts'

const root = resolve(import.meta.dirname, '../../../..')

describe('a bundle', () => {
  it('of a family has the models that the registry has for it, for every family of the catalogue', () => {
    const exported = backbones as unknown as Readonly<Record<string, unknown>>
    const models = Object.entries(modelsByFamily).map(([family, names]) => [
      family,
      names.map((name) => exported[name]),
    ])
    expect(Object.fromEntries(models)).toEqual(backbones.modelsOfFamily)
    expect(Object.keys(modelsByFamily).sort()).toEqual([...backboneFamilies].sort())
  })

  it('is refused where there is no such family or perturbation', () => {
    expect(() => bundleEntry('fine-tune/Perceptron')).toThrow(BundleUnknown)
    expect(() => bundleEntry('perturb-and-evaluate/Swin/L0')).toThrow('There is no evaluation under "L0".')
  })

  it('has one family and one kind of evaluation, and neither comments nor the vocabulary of study files', async () => {
    const { bytes, inputs, sourceMap } = await buildBundle('perturb-and-evaluate/Swin/Linf', root)
    const map = JSON.parse(new TextDecoder().decode(sourceMap)) as { sourceRoot: string; sources: string[] }
    expect(new URL(map.sources.at(-2)!, map.sourceRoot).pathname.startsWith(`${root}/`)).toBe(true)
    expect(inputs).toContain('libs/science/backbones/src/families/swin.ts')
    const text = new TextDecoder().decode(bytes)
    expect(text).toContain('swin_tiny_patch4_window7_224.ms_in1k')
    const absent = ['snowLayer', 'adamWConstants', 'parseDocument', 'convnext_tiny.fb_in1k', '/**', root]
    expect(absent.filter((each) => text.includes(each))).toEqual([])
    expect(/export const packages=\{.*"node_modules\/@tensorflow\/tfjs-node-gpu":"4\.22\.0 sha512-/.test(text)).toBe(
      true,
    )
  })

  it('has the same bytes each time, and can be built for every perturbation', async () => {
    const build = async () => (await buildBundle('perturb-and-evaluate/ResNet/L1', root)).bytes
    expect(await build()).toEqual(await build())
    for (const name of ['clean', 'common', 'L2'] as const)
      expect((await buildBundle(`perturb-and-evaluate/EVA-02/${name}`, root)).bytes.length).toBeGreaterThan(1_000)
  })
})
