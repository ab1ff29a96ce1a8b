export { corruptImage } from './corrupt-image.ts'
export { assignPortfolio, knownCorruption, knownSeverity, type Severity } from './portfolio.ts'
