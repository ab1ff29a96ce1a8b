/* What the page and the API tell each other. */
export * from './one-number.ts'
export * from './study-now.ts'
export * from './study-table.ts'
