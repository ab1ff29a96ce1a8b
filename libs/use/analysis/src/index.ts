export * from './flag-sentence.ts'
export * from './scores.ts'
export * from './standings.ts'
