import { openArtifactStore } from '@gauntlet/artifacts'
import { workflowQueue } from '@gauntlet/contract'
import { migrate, openLedger } from '@gauntlet/ledger'
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
  await migrate(settings.databaseUrl)
  const ledger = openLedger(settings.databaseUrl)
  const { namespace, ...server } = settings.temporal
  const connection = await NativeConnection.connect(server)
  const store = openArtifactStore(settings.artifacts, settings.cacheFolder)
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
