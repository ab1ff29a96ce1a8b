import { poolDescriptionQueue, poolQueue, type DescriptionActivities, type StageCode } from '@gauntlet/contract'
import { NativeConnection, Worker } from '@temporalio/worker'
import { createGpuActivities, heartbeatMilliseconds } from './activities.ts'
import { StageBundles } from './bundles/stage-bundles.ts'
import { descriptionOf } from './describe.ts'
import { Device } from './device.ts'
import { DevicePool } from './device-pool.ts'
import { readGpuWorkerSettings } from './settings.ts'
import { sourceRevision } from './source-revision.ts'

/** A GPU worker: takes as many attempts as it has devices, and drains on SIGTERM. */
async function main(): Promise<void> {
  const settings = readGpuWorkerSettings(process.env)
  const bundles = new StageBundles()
  const engine = await bundles.bundle('engine')
  const devices = settings.devices.map((each) => new Device(each, engine))
  const ready = await Promise.all(devices.map((device) => device.start()))
  const pool = new DevicePool(
    devices,
    ready.map(({ device }, index) => `${device}#${index}`),
  )
  const describe = (codes: readonly StageCode[]) => descriptionOf(ready, bundles, codes)
  const description = await describe([])
  const { namespace, ...server } = settings.temporal
  const connection = await NativeConnection.connect(server)
  const shared = { connection, namespace, identity: settings.identity }
  const stages = await Worker.create({
    ...shared,
    taskQueue: poolQueue(settings.pool),
    activities: createGpuActivities({
      devices: pool,
      description,
      bundles,
      revision: sourceRevision(),
      worker: settings.identity,
    }),
    maxConcurrentActivityTaskExecutions: pool.size,
    // By default the SDK keeps heartbeats back for 80 % of their time-out, and progress would be as old.
    maxHeartbeatThrottleInterval: heartbeatMilliseconds,
  })
  const descriptions = await Worker.create({
    ...shared,
    taskQueue: poolDescriptionQueue(settings.pool),
    activities: { describeWorker: describe } satisfies DescriptionActivities,
  })
  console.log(`gpu worker ${settings.identity} ready: ${pool.size} × ${ready[0]!.device}`)
  await Promise.all([stages.run(), descriptions.run()])
  pool.stop()
  await connection.close()
}

await main()
