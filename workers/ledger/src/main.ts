import { openArtifactStore } from '@gauntlet/artifacts'
import { ledgerPointer, workflowQueue } from '@gauntlet/contract'
import { ledgerIdentity, migrate, openLedger } from '@gauntlet/ledger'
import { NativeConnection, Worker } from '@temporalio/worker'
import { fileURLToPath } from 'node:url'
import { createLedgerActivities } from './activities/index.ts'
import { classed } from './classed.ts'
import { readLedgerWorkerSettings } from './settings.ts'

/**
 * The ledger worker. It is the only writer of rows, and runs the workflows, which need no machine of their own. Its
 * activities are local ones, so nobody else can ask for them.
 */
async function main(): Promise<void> {
  const settings = readLedgerWorkerSettings(process.env)
  await migrate(settings.databaseUrl, async () => false) // `gauntlet up` makes one, and asks first
  const ledger = openLedger(settings.databaseUrl)
  const store = openArtifactStore(settings.artifacts, settings.cacheFolder)
  await store.writePointer(ledgerPointer(await ledgerIdentity(ledger.db)), {}) // before any row refers to the store
  const { namespace, ...server } = settings.temporal
  const connection = await NativeConnection.connect(server)
  const worker = await Worker.create({
    connection,
    namespace,
    identity: settings.identity,
    taskQueue: workflowQueue,
    workflowsPath: fileURLToPath(import.meta.resolve('@gauntlet/workflows')),
    activities: classed(createLedgerActivities(ledger.db, store)),
    enableNonLocalActivities: false,
  })
  console.log(`ledger worker ${settings.identity} ready`)
  await worker.run()
  await Promise.all([ledger.close(), connection.close()])
}

await main()
