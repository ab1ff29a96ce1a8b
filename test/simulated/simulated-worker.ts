import { openArtifactStore } from '@gauntlet/artifacts'
import { poolDescriptionQueue, poolQueue } from '@gauntlet/contract'
import { NativeConnection, Worker } from '@temporalio/worker'
import { simulatedStages } from './simulated-stages.ts'
import type { Simulation } from './simulation.ts'

/** A GPU worker that simulates, as a process of its own. `SIMULATION` holds what it simulates, as JSON. */
async function main(): Promise<void> {
  const simulation = JSON.parse(process.env.SIMULATION!) as Simulation
  const store = openArtifactStore(process.env.GAUNTLET_ARTIFACTS!, process.env.GAUNTLET_CACHE)
  const connection = await NativeConnection.connect({ address: process.env.TEMPORAL_ADDRESS! })
  const { gpu, description } = simulatedStages(store, simulation, `simulated@${process.pid}`)
  const [stages, descriptions] = await Promise.all([
    Worker.create({
      connection,
      taskQueue: poolQueue(simulation.pool),
      activities: gpu,
      maxConcurrentActivityTaskExecutions: simulation.devices,
      maxHeartbeatThrottleInterval: 2_000,
    }),
    Worker.create({ connection, taskQueue: poolDescriptionQueue(simulation.pool), activities: description }),
  ])
  console.log('simulated worker ready')
  await Promise.all([stages.run(), descriptions.run()])
  await connection.close()
}

await main()
