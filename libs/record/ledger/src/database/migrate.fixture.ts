import { migrate } from './migrate.ts'

/** Migrates the ledger at an address. A test runs this file as a process and kills it. */
process.stdout.write('.')
await migrate(process.argv[2] ?? '')
