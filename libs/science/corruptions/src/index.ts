export { corrupt } from './corrupt.ts'
export { assignPortfolio, knownCorruption, knownSeverity, UnknownCorruption, type Severity } from './portfolio.ts'
export type { Rgb8Image } from './rgb8-image.ts'
