import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { withForm, type MeasuredForm, type MeasureForms } from './choose-form.ts'

const folders: string[] = []
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })))

function emptyCache(): string {
  folders.push(mkdtempSync(join(tmpdir(), 'gauntlet-forms-')))
  return folders.at(-1)!
}

const onCpu = { devices: [{ TF_NUM_INTRAOP_THREADS: '1' }, { TF_NUM_INTRAOP_THREADS: '1' }] }
const onGpu = { devices: [{ CUDA_VISIBLE_DEVICES: '0' }, { CUDA_VISIBLE_DEVICES: '1' }] }

/**
 * A device that takes these seconds in each form (null: it cannot use the form), and the forms it was asked to measure.
 */
function device(seconds: Readonly<Record<string, number | null>>) {
  const asked: string[][] = []
  const measure: MeasureForms = async (forms) => {
    asked.push([...forms])
    return forms.map((form) => ({ form, seconds: seconds[form] ?? null }) as MeasuredForm)
  }
  return { asked, measure }
}

it('takes the plain form on a CPU, where there is nothing to choose, and measures nothing', async () => {
  const { asked, measure } = device({})
  const { devices } = await withForm(onCpu, { GAUNTLET_CACHE: emptyCache() }, measure)
  expect(devices.map((variables) => variables['GAUNTLET_FORM'])).toEqual(['plain', 'plain'])
  expect(devices[0]).toMatchObject(onCpu.devices[0]!)
  expect(asked).toEqual([])
})

it('measures a GPU once and keeps the result', async () => {
  const { asked, measure } = device({ plain: 2, xla: 1 })
  const variables = { GAUNTLET_CACHE: emptyCache() }
  for (let i = 0; i < 2; i++) {
    const { devices } = await withForm(onGpu, variables, measure)
    expect(devices.map(({ GAUNTLET_FORM }) => GAUNTLET_FORM)).toEqual(['xla', 'xla'])
  }
  expect(asked).toEqual([['plain', 'xla']])
})

it.each([
  ['a gain that may be noise', { plain: 1.05, xla: 1 }],
  ['a form that cannot be used', { plain: 1, xla: null }],
  ['a slower form', { plain: 1, xla: 2 }],
])('keeps the plain form where there is %s', async (_, seconds) => {
  const { devices } = await withForm(onGpu, { GAUNTLET_CACHE: emptyCache() }, device(seconds).measure)
  expect(devices[0]!['GAUNTLET_FORM']).toBe('plain')
})

it('measures again where the kept result is damaged', async () => {
  const cache = emptyCache()
  const { asked, measure } = device({ plain: 1, xla: 2 })
  await withForm(onGpu, { GAUNTLET_CACHE: cache }, measure)
  const [kept] = readdirSync(join(cache, 'forms'))
  writeFileSync(join(cache, 'forms', kept!), '{"measured":')
  await withForm(onGpu, { GAUNTLET_CACHE: cache }, measure)
  expect(asked).toHaveLength(2)
})

it('computes in bfloat16 only where that is asked for, because it gives other numbers', async () => {
  const { asked, measure } = device({ bfloat16: 2, 'xla-bfloat16': 1 })
  const variables = { GAUNTLET_CACHE: emptyCache(), GAUNTLET_PRECISION: 'bfloat16' }
  expect((await withForm(onGpu, variables, measure)).devices[0]!['GAUNTLET_FORM']).toBe('xla-bfloat16')
  expect((await withForm(onCpu, variables, measure)).devices[0]!['GAUNTLET_FORM']).toBe('bfloat16')
  expect(asked).toEqual([['bfloat16', 'xla-bfloat16']])
})

it('takes the form that the user names, and refuses an unknown one', async () => {
  const { measure } = device({})
  expect((await withForm(onGpu, { GAUNTLET_FORM: 'xla' }, measure)).devices[1]!['GAUNTLET_FORM']).toBe('xla')
  await expect(withForm(onGpu, { GAUNTLET_FORM: 'fast' }, measure)).rejects.toThrow(
    'There is no form "fast"; choose from plain, xla, bfloat16, xla-bfloat16, float16, xla-float16.',
  )
  await expect(withForm(onGpu, { GAUNTLET_PRECISION: 'float8' }, measure)).rejects.toThrow(
    'give one of float32, bfloat16, float16',
  )
})
