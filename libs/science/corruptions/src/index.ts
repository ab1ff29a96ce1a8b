export { corruptImage } from './corrupt-image.ts'
export { assignPortfolio, knownCorruption, knownSeverity, UnknownCorruption, type Severity } from './portfolio.ts'
