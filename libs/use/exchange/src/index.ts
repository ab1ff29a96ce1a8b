export { compareWithSeal, type SealComparison } from './compare-with-seal.ts'
export { configurationsWhere, exportStudy, type ExportedStudy, type ExportOptions } from './export-study.ts'
export { sealStudy, type RecordSources, type SealedStudy, type SealOptions } from './seal-study.ts'
