import { defineConfig } from 'drizzle-kit'

/** `npm run generate -w @gauntlet/ledger` writes the next migration from the schema; it talks to no database. */
export default defineConfig({ dialect: 'postgresql', schema: './src/schema/index.ts', out: './migrations' })
