import { openArtifactStore } from '@gauntlet/artifacts'
import { ledgerPointer, type TemporalSettings } from '@gauntlet/contract'
import { LedgerAbsent, ledgerIdentity, LedgerNewer, LedgerUnreachable, migrate, openLedger } from '@gauntlet/ledger'
import { NativeConnection } from '@temporalio/worker'
import { createLedgerActivities } from './activities/index.ts'
import { classed } from './classed.ts'
import { LedgerWorkerSettingsInvalid, readLedgerWorkerSettings } from './settings.ts'
import { bundleWorkflows, type WorkflowBuild } from './versions/bundle-workflows.ts'
import { Deployment } from './versions/deployment.ts'
import { holdStudies } from './versions/hold-studies.ts'
import { keepBuild, keptBuild } from './versions/kept-builds.ts'
import { VersionWorkers } from './versions/version-workers.ts'
import { createWorkflowWorker } from './versions/workflow-worker.ts'

/** Errors whose message says what to change. */
const explained = [LedgerAbsent, LedgerNewer, LedgerUnreachable, LedgerWorkerSettingsInvalid]

/**
 * The ledger worker. It is the only writer of rows, and runs the workflows, which need no machine of their own: those
 * of this checkout, which it makes current, and those of earlier builds that still have runs. Its activities are local
 * ones, so nobody else can ask for them.
 */
async function main(): Promise<void> {
  const settings = readLedgerWorkerSettings(process.env)
  await migrate(settings.databaseUrl, async () => false) // `gauntlet up` makes one, and asks first
  const ledger = openLedger(settings.databaseUrl)
  const store = openArtifactStore(settings.artifacts, settings.cacheFolder)
  await store.writePointer(ledgerPointer(await ledgerIdentity(ledger.db)), {}) // before any row refers to the store
  const { namespace, ...server } = settings.temporal
  const [connection, build] = await Promise.all([connect(server), bundleWorkflows()])
  await keepBuild(store, build)
  const activities = classed(createLedgerActivities(ledger.db, store))
  const surroundings = { connection, namespace, identity: settings.identity, activities }
  const worker = await createWorkflowWorker(surroundings, build)
  const ended = worker.run()
  const deployment = new Deployment(connection, namespace)
  if (settings.makesCurrent) await Promise.race([ended, becomeCurrent(deployment, { connection, namespace }, build)])
  console.log(`ledger worker ${settings.identity} ready, build ${build.buildId.slice(0, 12)}`)
  const create = (earlier: WorkflowBuild) =>
    createWorkflowWorker({ ...surroundings, workflowThreadPoolSize: 1 }, earlier)
  const kept = (buildId: string) => keptBuild(store, buildId)
  await new VersionWorkers({ deployment, create, kept }).tendUntil(ended)
  await ended
  await Promise.all([ledger.close(), connection.close()])
}

/** Throws `LedgerWorkerSettingsInvalid` where no server answers. */
function connect(server: Omit<TemporalSettings, 'namespace'>): Promise<NativeConnection> {
  return NativeConnection.connect(server).catch((cause: unknown) => {
    throw new LedgerWorkerSettingsInvalid(
      `No Temporal server answers at ${server.address}; start it, or correct TEMPORAL_ADDRESS.`,
      { cause },
    )
  })
}

/** Makes a build current, but not for studies that it cannot go on with. */
async function becomeCurrent(
  deployment: Deployment,
  server: Parameters<typeof holdStudies>[0],
  build: WorkflowBuild,
): Promise<void> {
  for (const { workflowId, buildId } of await holdStudies(server, build))
    console.log(
      buildId === null
        ? `${workflowId} began before there were builds, and these workflows cannot go on with it; cancel it (npx gauntlet cancel) and run it again.`
        : `${workflowId} stays with build ${buildId.slice(0, 12)}, because these workflows cannot replay its history.`,
    )
  await deployment.makeCurrent(build.buildId)
}

await main().catch((error: unknown) => {
  console.error(explained.some((type) => error instanceof type) ? (error as Error).message : error)
  process.exit(1)
})
