import { openArtifactStore } from '@gauntlet/artifacts'
import { poolDescriptionQueue, poolQueue, type DescriptionActivities, type StageCode } from '@gauntlet/contract'
import { NativeConnection, Runtime, Worker } from '@temporalio/worker'
import { createGpuActivities, heartbeatMilliseconds } from './activities.ts'
import { StageBundles } from './bundles/stage-bundles.ts'
import { CheckpointPace } from './checkpoint-pace.ts'
import { descriptionOf } from './describe.ts'
import { Device } from './device.ts'
import { DevicePool } from './device-pool.ts'
import { Draining } from './draining.ts'
import { readGpuWorkerSettings, SettingsInvalid, type GpuWorkerSettings } from './settings.ts'
import { sourceRevision } from './source-revision.ts'
import { telemetryOf } from './telemetry.ts'

/**
 * Signals that ask a worker to stop. SLURM sends SIGUSR2 some time before the end (`--signal`), and SIGTERM at the end.
 */
const stopSignals = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const

/**
 * A GPU worker: takes as many attempts as it has devices. It drains on a signal, before its deadline, and where it is
 * told to, when it is idle.
 */
async function main(): Promise<void> {
  const settings = readGpuWorkerSettings(process.env)
  // Of the signals, `Draining` makes what happens here, and not the SDK, which would end running stages by itself.
  Runtime.install({ shutdownSignals: [], ...telemetryOf(settings) })
  const bundles = new StageBundles()
  const engine = await bundles.bundle('engine')
  const devices = settings.devices.map((each) => new Device(each, engine))
  const ready = await Promise.all(devices.map((device) => device.start()))
  const pool = new DevicePool(
    devices,
    ready.map(({ device }, index) => `${device}#${index}`),
  )
  const store = openArtifactStore(settings.artifacts, settings.cache)
  const describe = async (codes: readonly StageCode[]) => {
    await bundles.store(codes, store)
    return descriptionOf(ready, bundles, codes)
  }
  const description = await describe([])
  requireEnvironment(settings, description.environmentClass)
  const { namespace, ...server } = settings.temporal
  const connection = await NativeConnection.connect(server).catch((cause: unknown) => {
    throw new SettingsInvalid(
      `No Temporal server answers at ${server.address}; start it, or correct TEMPORAL_ADDRESS.`,
      { cause },
    )
  })
  const pace = new CheckpointPace(settings.drain.reserve)
  const workers: Worker[] = []
  const shutDown = () => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown()
  }
  const draining = new Draining(settings.drain, pace, (reason) => {
    console.log(`gpu worker ${settings.identity} takes no more stages: ${reason}`)
    shutDown()
  })
  const shared = { connection, namespace, identity: settings.identity }
  const stages = createGpuActivities({
    devices: pool,
    description,
    bundles,
    store,
    revision: sourceRevision(),
    worker: settings.identity,
    draining,
    pace,
  })
  workers.push(
    await Worker.create({
      ...shared,
      taskQueue: poolQueue(settings.pool),
      activities: stages,
      maxConcurrentActivityTaskExecutions: pool.size,
      // By default the SDK keeps heartbeats back for 80 % of their time-out, and progress would be as old.
      maxHeartbeatThrottleInterval: heartbeatMilliseconds,
      // Stages that run while the worker drains are stopped by `draining`, after the time that it gives them.
      shutdownGraceTime: '7 days',
    }),
    await Worker.create({
      ...shared,
      taskQueue: poolDescriptionQueue(settings.pool),
      activities: { describeWorker: describe } satisfies DescriptionActivities,
    }),
  )
  for (const signal of stopSignals) process.on(signal, () => draining.stop(`it was sent ${signal}`))
  process.on('disconnect', () => draining.stop('the command that started it has ended'))
  process.channel?.unref() // this listener alone keeps no worker running
  console.log(`gpu worker ${settings.identity} ready: ${pool.size} × ${ready[0]!.device}`)
  const runs = workers.map((worker) => worker.run())
  if (draining.closed) shutDown() // it was told to end, or its time was over, before they ran
  await Promise.all(runs)
  draining.end()
  await pool.stop()
  await connection.close()
  console.log(`gpu worker ${settings.identity} has ended`)
  if (draining.hasFailed) process.exitCode = 1 // so that what watches over it starts it again
}

/** Refuses to join a pool of another class: stages keyed for one class would be handed to the other and back. */
function requireEnvironment({ environment, pool }: GpuWorkerSettings, environmentClass: string): void {
  if (environment === undefined || environment === environmentClass) return
  throw new SettingsInvalid(
    `The pool ${pool} is of environment ${environment.slice(0, 12)}, and this machine is of ${environmentClass.slice(0, 12)}; start it in a pool of its own (npx gauntlet pool declare), or declare ${pool} anew if all its machines have changed.`,
  )
}

await main().catch((error: unknown) => {
  console.error(error instanceof SettingsInvalid ? error.message : error)
  process.exit(1)
})
