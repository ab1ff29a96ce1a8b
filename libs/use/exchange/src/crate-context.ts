/** The contexts that the metadata of a crate names. */
export const crateContexts = [
  'https://w3id.org/ro/crate/1.1/context',
  'https://w3id.org/ro/terms/workflow-run/context',
] as const

const schemaTerms = [
  'ComputerLanguage ControlAction CreateAction CreativeWork Dataset HowTo HowToStep OrganizeAction',
  'SoftwareApplication SoftwareSourceCode about actionStatus contentSize datePublished description encodingFormat',
  'endTime error hasPart instrument license mainEntity mentions name object position programmingLanguage result',
  'startTime step version workExample',
].flatMap((line) => line.split(' '))

/**
 * The terms that our crates use, with the IRIs that both contexts give them (RO-Crate 1.1.3, of 2021, and workflow-run
 * of 2023). Exports carry this, so that whoever reads one needs no network.
 */
export const vendoredContext: Readonly<Record<string, string>> = {
  ...Object.fromEntries(schemaTerms.map((term) => [term, `http://schema.org/${term}`])),
  ComputationalWorkflow: 'https://bioschemas.org/ComputationalWorkflow',
  File: 'http://schema.org/MediaObject',
  conformsTo: 'http://purl.org/dc/terms/conformsTo',
  sha256: 'https://w3id.org/ro/terms/workflow-run#sha256',
}
