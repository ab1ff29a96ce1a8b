export { corrupt } from './corrupt.ts'
export { assignPortfolio, knownCorruption, knownSeverity, UnknownCorruption, type Severity } from './portfolio.ts'
