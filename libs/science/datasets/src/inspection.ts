/*
 * Sources as people look at them before a study, for rooms without tensors: nothing that is imported here loads the
 * engine.
 */
export { countSplits, inspectDataset, type DatasetReport } from './inspect-dataset.ts'
export { readSource } from './sources/read-source.ts'
export { sampleDataset } from './sample-dataset.ts'
