export { sealStudy, type RecordSources, type SealedStudy, type SealOptions } from './seal-study.ts'
export { compareWithSeal, type SealComparison } from './compare-with-seal.ts'
