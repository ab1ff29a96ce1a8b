import { isSeq, parseDocument } from 'yaml'
import { sourceText } from './source-text.ts'
import { StudyFileInvalid } from './study-problem.ts'

/** The text of a study file with a dataset more. Comments and all other lines stay. Throws `StudyFileInvalid`. */
export function addDataset(
  text: string,
  fileName: string,
  entry: { readonly id: string; readonly source: string },
): string {
  const document = parseDocument(sourceText(text, fileName))
  const datasets = document.get('datasets')
  const refuse = (message: string) => new StudyFileInvalid([{ fileName, line: 1, column: 1, message }])
  if (document.errors.length > 0 || !isSeq(datasets))
    throw refuse('The file has no list of datasets to add to; run gauntlet plan on it to see what is wrong.')
  const ids = (datasets.toJSON() as readonly (string | { readonly id?: string })[]).map((each) =>
    typeof each === 'string' ? each : each.id,
  )
  if (ids.includes(entry.id)) throw refuse(`The study has a dataset ${entry.id} already; give another --id.`)
  datasets.add(document.createNode(entry, { flow: true }))
  return document.toString({ lineWidth: 0 })
}
