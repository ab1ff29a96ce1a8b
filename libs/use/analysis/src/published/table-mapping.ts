import { tableInvalid } from './table-invalid.ts'

/** What a row says of its configuration, besides accuracies. */
export const describingFields = [
  'backbone',
  'dataset',
  'loss',
  'protocol',
  'seed',
  'size',
  'type',
  'strategy',
  'displayName',
] as const

export type DescribingField = (typeof describingFields)[number]

/** Where a table keeps what: the document that lets any CSV be imported. */
export interface TableMapping {
  /** The column of each field. backbone, dataset, loss and protocol need one, or a constant. */
  readonly columns: Partial<Readonly<Record<DescribingField, string>>>
  /** The column of each perturbation's accuracy, by the perturbation's name; one at least. */
  readonly accuracies: Readonly<Record<string, string>>
  /** Fields that are the same in all rows. */
  readonly constants?: Partial<Readonly<Record<DescribingField, string>>>
  /** What a field's values are called here, by what the table calls them. Values that are not listed are refused. */
  readonly values?: Partial<Readonly<Record<DescribingField, Readonly<Record<string, string>>>>>
  /** Whether accuracies are in [0, 1], which is the default, or in percent. */
  readonly scale?: 'fraction' | 'percent'
}

/** The mapping of the paper's database: results_dataset.csv of GitHub MaxHeuillet/robust_training. */
export const publishedMapping: TableMapping = {
  columns: {
    backbone: 'backbone',
    dataset: 'dataset',
    loss: 'loss_function',
    protocol: 'ft_strategy',
    size: 'model_size',
    type: 'model_type',
    strategy: 'pre_training_strategy',
    displayName: 'backbone_name',
  },
  accuracies: { clean: 'clean_acc', Linf: 'Linf_acc', L2: 'L2_acc', L1: 'L1_acc', common: 'common_acc' },
  values: {
    protocol: { 'FFT (50 epochs)': 'FFT-50', 'FFT (5 epochs)': 'FFT-5', 'LP (50 epochs)': 'LP-50' },
  },
}

const needed = ['backbone', 'dataset', 'loss', 'protocol'] as const
const scales = ['fraction', 'percent']

/** A mapping document, read from JSON, as a mapping. Throws PublishedTableInvalid with one sentence. */
export function parseMapping(document: unknown): TableMapping {
  const { columns = {}, accuracies = {}, constants = {}, values = {}, scale = 'fraction', ...rest } = textsIn(document)
  const unknown = Object.keys(rest)[0]
  if (unknown !== undefined)
    throw refusal(`has '${unknown}', which means nothing; it may have columns, accuracies, constants, values and scale`)
  for (const [name, part] of Object.entries({ columns, accuracies, constants })) requireTexts(name, part)
  for (const [field, names] of Object.entries(textsIn(values))) requireTexts(`values.${field}`, names)
  for (const part of [columns, constants, values]) {
    const stray = Object.keys(part as object).find((field) => !describingFields.includes(field as DescribingField))
    if (stray !== undefined)
      throw refusal(`maps '${stray}', which is no field; fields are ${describingFields.join(', ')}`)
  }
  const missing = needed.find((field) => !(field in (columns as object)) && !(field in (constants as object)))
  if (missing) throw refusal(`says nothing of ${missing}; name its column under columns, or its value under constants`)
  if (Object.keys(accuracies as object).length === 0)
    throw refusal('names no accuracies; name the column of each perturbation under accuracies, such as clean')
  if (!scales.includes(scale as string)) throw refusal(`has the scale '${scale}'; write fraction or percent`)
  return { columns, accuracies, constants, values, scale } as TableMapping
}

function textsIn(part: unknown): Record<string, unknown> {
  if (typeof part === 'object' && part !== null && !Array.isArray(part)) return part as Record<string, unknown>
  throw refusal('is not made of names and values; write an object')
}

function requireTexts(name: string, part: unknown): void {
  const wrong = Object.entries(textsIn(part)).find(([, value]) => typeof value !== 'string')
  if (wrong) throw refusal(`has a ${name}.${wrong[0]} that is not text; write it in quotes`)
}

function refusal(what: string) {
  return tableInvalid(null, `The mapping ${what}.`)
}
