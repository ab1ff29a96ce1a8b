import { describe, expect, it } from 'vitest'
import { publishedRows } from '../paper/published.fixture.ts'
import { parsePublishedTable } from './published-table.ts'
import { PublishedTableInvalid } from './table-invalid.ts'
import { parseMapping, publishedMapping, type TableMapping } from './table-mapping.ts'

const mapping: TableMapping = {
  columns: { backbone: 'model', dataset: 'data', seed: 'seed' },
  constants: { loss: 'TRADES', protocol: 'FFT-50' },
  accuracies: { clean: 'clean', Linf: 'linf' },
}

/** A table of the mapping above from its rows. */
const table = (...rows: string[]) => ['model,data,seed,clean,linf', ...rows].join('\n')
const resnet = 'resnet50.a1_in1k'

/** The sentences with which a table is refused. */
function refusals(text: string, by: TableMapping = mapping): string[] {
  try {
    parsePublishedTable(text, by)
  } catch (error) {
    expect(error).toBeInstanceOf(PublishedTableInvalid)
    return (error as PublishedTableInvalid).problems.map(({ message }) => message)
  }
  return []
}

describe('a published table', () => {
  it('is the paper’s database: 1,440 configurations of 40 backbones, 6 datasets, 2 losses, 3 protocols', () => {
    expect(publishedRows).toHaveLength(1440)
    const distinct = (field: 'backbone' | 'dataset' | 'loss' | 'protocol') =>
      new Set(publishedRows.map((row) => row[field])).size
    expect(['backbone', 'dataset', 'loss', 'protocol'].map((field) => distinct(field as 'loss'))).toEqual([40, 6, 2, 3])
    expect(publishedRows[0]).toEqual({
      row: 2,
      backbone: 'CLIP-convnext_base_w-laion_aesthetic-s13B-b82K',
      dataset: 'uc-merced-land-use-dataset',
      loss: 'TRADES',
      protocol: 'FFT-50',
      accuracies: {
        clean: 0.9555555555555556,
        Linf: 0.19365079365079366,
        L2: 0.5206349206349207,
        L1: 0.5190476190476191,
        common: 0.7833333333333333,
      },
      factors: { size: 'large', type: 'fully convolutional', strategy: 'self-supervised (multimodal)' },
      displayName: 'convnext_b,clip,laiona',
    })
  })

  it('takes what the table does not say from the mapping and the catalogue, and empty accuracies as missing', () => {
    expect(parsePublishedTable(table(`${resnet},cars,1,0.5,`, `${resnet},cars,2,1,0`), mapping)).toEqual([
      {
        row: 2,
        backbone: resnet,
        dataset: 'cars',
        loss: 'TRADES',
        protocol: 'FFT-50',
        seed: 1,
        accuracies: { clean: 0.5, Linf: null },
        factors: { size: 'medium', type: 'fully convolutional', strategy: 'supervised' },
        displayName: null,
      },
      expect.objectContaining({ row: 3, seed: 2, accuracies: { clean: 1, Linf: 0 } }),
    ])
  })

  it('takes percentages where the mapping says so, and backbones of its own where it has their factors', () => {
    const own = {
      ...mapping,
      scale: 'percent' as const,
      constants: { ...mapping.constants, size: 'small', type: 'hybrid', strategy: 'x' },
    }
    const [row] = parsePublishedTable(table('ours,cars,,62.5,100'), own)
    expect(row).toMatchObject({ backbone: 'ours', accuracies: { clean: 0.625, Linf: 1 }, factors: { size: 'small' } })
    expect(refusals(table('ours,cars,,162.5,10'), own)).toEqual([
      'Row 2 has clean 162.5; an accuracy lies in [0, 100] here.',
    ])
  })

  it.each([
    ['an accuracy above 1', `${resnet},cars,,1.2,0`, 'Row 2 has clean 1.2; an accuracy lies in [0, 1] here.'],
    ['an accuracy below 0', `${resnet},cars,,1,-0.1`, 'Row 2 has linf -0.1; an accuracy lies in [0, 1] here.'],
    ['NaN', `${resnet},cars,,NaN,0`, "Row 2 has clean 'NaN', which is no number; leave a missing one empty."],
    ['a decimal comma', `${resnet},cars,,"0,95",0`, "Row 2 has clean '0,95' with a decimal comma; write 0.95."],
    ['no dataset', `${resnet},,,1,0`, 'Row 2 has no dataset; fill it in.'],
    ['a seed that is none', `${resnet},cars,x,1,0`, "Row 2 has the seed 'x'; a seed is a whole number."],
    [
      'a backbone nobody knows',
      'resnet50.a1_in2k,cars,,1,0',
      "Row 2 names the backbone 'resnet50.a1_in2k', which the catalogue does not have (nearest: 'resnet50.a1_in1k'); " +
        'correct it, or map columns for size, type and strategy.',
    ],
    [
      'a backbone like none',
      'q,cars,,1,0',
      "Row 2 names the backbone 'q', which the catalogue does not have; " +
        'correct it, or map columns for size, type and strategy.',
    ],
  ])('refuses %s in one sentence that names the row', (_, row, sentence) => {
    expect(refusals(table(row))).toEqual([sentence])
  })

  it('refuses rows that repeat another, unless their seeds differ', () => {
    const row = `${resnet},cars,1,0.5,0.25`
    expect(refusals(table(row, `${resnet},cars,2,0.5,0.25`, row))).toEqual([
      'Row 4 repeats row 2 (resnet50.a1_in1k · cars · TRADES · FFT-50 · seed 1); keep one.',
    ])
  })

  it('refuses values that the mapping does not list', () => {
    const columns = { backbone: 'model', dataset: 'data', protocol: 'seed' }
    const values = { protocol: { long: 'FFT-50', short: 'FFT-5' } }
    expect(refusals(table(`${resnet},cars,middle,1,0`), { ...mapping, columns, values })).toEqual([
      "Row 2 has the protocol 'middle'; the mapping knows long, short.",
    ])
  })

  it('refuses a table without a column of the mapping', () => {
    expect(refusals('model,data,clean\nx,y,1\n')).toEqual([
      "Row 1 has no column 'seed', where the mapping looks for seed; its columns are model, data, clean.",
    ])
  })

  it('names every problem, in the order of the rows, and counts those beyond twenty', () => {
    expect(refusals(table(`${resnet},cars,,2,3`, `${resnet},,,1,1`))).toHaveLength(3)
    const many = table(...Array.from({ length: 30 }, (_, i) => `${resnet},cars,${i},2,0`))
    expect(() => parsePublishedTable(many, mapping)).toThrow(/^Row 2 has .*\n… and 10 more problems\.$/s)
  })
})

describe('a mapping', () => {
  it('is read from a document', () => {
    expect(parseMapping(JSON.parse(JSON.stringify(mapping)))).toEqual({ ...mapping, values: {}, scale: 'fraction' })
    expect(parseMapping(publishedMapping)).toMatchObject(publishedMapping)
  })

  it.each([
    [[], 'The mapping is not made of names and values; write an object.'],
    [
      { ...mapping, rows: 1 },
      "The mapping has 'rows', which means nothing; it may have columns, accuracies, constants, values and scale.",
    ],
    [
      { ...mapping, columns: { backbone: 1 } },
      'The mapping has a columns.backbone that is not text; write it in quotes.',
    ],
    [
      { ...mapping, columns: { model: 'm' } },
      "The mapping maps 'model', which is no field; " +
        'fields are backbone, dataset, loss, protocol, seed, size, type, strategy, displayName.',
    ],
    [
      { ...mapping, constants: {} },
      'The mapping says nothing of loss; name its column under columns, or its value under constants.',
    ],
    [
      { ...mapping, accuracies: {} },
      'The mapping names no accuracies; name the column of each perturbation under accuracies, such as clean.',
    ],
    [{ ...mapping, scale: 'permille' }, "The mapping has the scale 'permille'; write fraction or percent."],
    [
      { ...mapping, values: { protocol: { a: 5 } } },
      'The mapping has a values.protocol.a that is not text; write it in quotes.',
    ],
  ])('refuses %j in one sentence', (document, sentence) => {
    expect(() => parseMapping(document)).toThrow(expect.objectContaining({ message: sentence }))
  })
})
