import { isNode, isSeq, parseDocument, type YAMLSeq } from 'yaml'
import { sourceText } from './schema/source-text.ts'
import { StudyFileInvalid } from './schema/study-problem.ts'

/** A dataset as a study names it. */
interface NewDataset {
  readonly id: string
  readonly source: string
}

/** The text of a study file with a dataset more; all else stays as it is written. Throws `StudyFileInvalid`. */
export function addDataset(source: string, fileName: string, entry: NewDataset): string {
  const text = sourceText(source, fileName)
  const document = parseDocument(text)
  const datasets = document.get('datasets')
  const refuse = (message: string) => new StudyFileInvalid([{ fileName, line: 1, column: 1, message }])
  if (document.errors.length > 0 || !isSeq(datasets) || datasets.items.length === 0)
    throw refuse('The file has no list of datasets to add to; run npx gauntlet plan on it to see what is wrong.')
  const ids = (datasets.toJSON() as readonly (string | { readonly id?: string })[]).map((each) =>
    typeof each === 'string' ? each : each.id,
  )
  if (ids.includes(entry.id)) throw refuse(`The study has a dataset ${entry.id} already; give another --id.`)
  return inserted(text, datasets, `{ id: ${JSON.stringify(entry.id)}, source: ${JSON.stringify(entry.source)} }`)
}

/** The text with an item more at the end of a list: within its brackets, or on a line of its own. */
function inserted(text: string, list: YAMLSeq, item: string): string {
  if (list.flow) {
    const before = text.slice(0, list.range![1] - 1)
    return `${before.trimEnd()}, ${item}${/\s*$/.exec(before)![0]}${text.slice(before.length)}`
  }
  const [start, end] = [list.range![0], endOf(list.items.at(-1))]
  const margin = ' '.repeat(start - (text.lastIndexOf('\n', start - 1) + 1))
  const endOfLine = text.indexOf('\n', end - 1)
  const at = endOfLine < 0 ? text.length : endOfLine
  return `${text.slice(0, at)}\n${margin}- ${item}${text.slice(at)}`
}

/** Where the value of a node ends. */
function endOf(node: unknown): number {
  return isNode(node) ? node.range![1] : 0
}
