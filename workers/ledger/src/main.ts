import { openArtifactStore } from '@gauntlet/artifacts'
import { ledgerQueue, workflowQueue } from '@gauntlet/contract'
import { migrate, openLedger } from '@gauntlet/ledger'
import { NativeConnection, Worker } from '@temporalio/worker'
import { fileURLToPath } from 'node:url'
import { createLedgerActivities } from './activities/index.ts'
import { heartbeating } from './heartbeating.ts'
import { readLedgerWorkerSettings } from './settings.ts'

/** The ledger worker. It is the only writer of rows, and runs the workflows, which need no machine of their own. */
async function main(): Promise<void> {
  const settings = readLedgerWorkerSettings(process.env)
  await migrate(settings.databaseUrl)
  const ledger = openLedger(settings.databaseUrl)
  const { namespace, ...server } = settings.temporal
  const connection = await NativeConnection.connect(server)
  const shared = { connection, namespace, identity: settings.identity }
  const rows = await Worker.create({
    ...shared,
    taskQueue: ledgerQueue,
    activities: heartbeating(createLedgerActivities(ledger.db, openArtifactStore(settings.artifacts))),
  })
  const workflows = await Worker.create({
    ...shared,
    taskQueue: workflowQueue,
    workflowsPath: fileURLToPath(import.meta.resolve('@gauntlet/workflows')),
  })
  console.log(`ledger worker ${settings.identity} ready`)
  await Promise.all([rows.run(), workflows.run()])
  await Promise.all([ledger.close(), connection.close()])
}

await main()
