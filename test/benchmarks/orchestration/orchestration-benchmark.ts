import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { openArtifactStore, type ArtifactStore } from '@gauntlet/artifacts'
import { connect, startStudy } from '@gauntlet/client'
import { poolDescriptionQueue, poolQueue } from '@gauntlet/contract'
import {
  programProcess,
  serviceStatus,
  startPostgres,
  startProcess,
  startTemporal,
  stopServices,
} from '@gauntlet/infra'
import { migrate } from '@gauntlet/ledger'
import type { Client } from '@temporalio/client'
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker'
import { processTrees } from '../../end-to-end/kill-trees.fixture.ts'
import { rawActivities } from './raw-activities.ts'
import { simulatedStages } from '../../simulated/simulated-stages.ts'
import { simulatedStudy } from '../../simulated/simulated-study.ts'
import type { rawStudy } from './raw-workflows.ts'

const pool = 'benchmark'
const rawQueue = 'raw'

/**
 * Seconds of a study whose stages do nothing, with its real workflows, ledger worker, Postgres and artifact store,
 * against plain Temporal that runs the same stages as no-op activities of child workflows, as many at once as suit it
 * best. Both take turns on one server: the local one, or that of `--temporal <address>`.
 */
export async function orchestrationBenchmark(options: string[]): Promise<void> {
  const { values } = parseArgs({
    args: options,
    options: {
      configurations: { type: 'string', default: '200' },
      rounds: { type: 'string', default: '2' },
      windows: { type: 'string', default: '10,25,50,100' },
      temporal: { type: 'string' },
    },
  })
  const configurations = Number(values.configurations)
  Runtime.install({ logger: new DefaultLogger('ERROR') })
  const home = await mkdtemp(join(tmpdir(), 'gauntlet-orchestration-'))
  const tidyUp = async () => {
    await stopServices(home)
    await rm(home, { recursive: true, force: true })
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void tidyUp().finally(() => process.exit(1)))
  try {
    const windows = values.windows.split(',').map(Number)
    await measureIn(home, { configurations, rounds: Number(values.rounds), windows, server: values.temporal })
  } finally {
    await tidyUp()
  }
}

interface Measuring {
  readonly configurations: number
  readonly rounds: number
  /** Configurations of plain Temporal at once, of which the best is taken. */
  readonly windows: readonly number[]
  /** The address of another server than the local one. */
  readonly server: string | undefined
}

async function measureIn(home: string, { configurations, rounds, windows, server }: Measuring): Promise<void> {
  const artifacts = pathToFileURL(join(home, 'artifacts')).href
  const store = openArtifactStore(artifacts)
  const temporalAddress = await startEverything(home, artifacts, server)
  const { client, close } = await connect({ address: temporalAddress, namespace: 'default' })
  const workers = await startWorkers(temporalAddress, store)
  const running = Promise.all(workers.map((worker) => worker.run()))
  try {
    await runRaw(client, 2, 2) // both sides once, to warm up
    await runOurs(client, store, 2, 0)
    console.log(`${configurations} configurations, ${cpus().length} cores, load ${loadavg()[0]!.toFixed(1)}; seconds`)
    const window = await bestWindow(client, windows)
    for (let round = 1; round <= rounds; round++) {
      const raw = await busy(home, () => runRaw(client, configurations, window))
      const ours = await busy(home, () => runOurs(client, store, configurations, round))
      const again = await timed(() => runOurs(client, store, configurations, round))
      const ratio = (ours.seconds / raw.seconds).toFixed(2)
      console.log(
        `round ${round}: raw ${raw.seconds.toFixed(1)}  ours ${ours.seconds.toFixed(1)}  ratio ${ratio}  everything recalled ${again.toFixed(1)}`,
      )
      console.log(`  of the processors, raw: ${raw.processors}; ours: ${ours.processors}`)
    }
  } finally {
    for (const worker of workers) worker.shutdown()
    await running
    await close()
  }
}

/** Configurations of plain Temporal in flight at once with which a few of them take the least time. */
async function bestWindow(client: Client, windows: readonly number[]): Promise<number> {
  const tried: { readonly window: number; readonly seconds: number }[] = []
  for (const window of windows) tried.push({ window, seconds: await timed(() => runRaw(client, 100, window)) })
  const seconds = tried.map(({ window, seconds }) => `${window} in ${seconds.toFixed(1)}`).join(', ')
  console.log(`plain Temporal, 100 configurations by how many at once: ${seconds}`)
  return tried.toSorted((a, b) => a.seconds - b.seconds)[0]!.window
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1_000
}

/** Seconds that work takes, and those of the processors that each part is busy meanwhile. */
async function busy(home: string, work: () => Promise<unknown>) {
  const before = processorSeconds(home)
  const seconds = await timed(work)
  const after = processorSeconds(home)
  const used = [...after].map(([name, time]) => `${name} ${(time - (before.get(name) ?? 0)).toFixed(1)}`)
  return { seconds, processors: used.join(', ') }
}

/** Seconds that this process and each service with its children have used of the processors. */
function processorSeconds(home: string): Map<string, number> {
  const { user, system } = process.cpuUsage()
  const services = serviceStatus(home).flatMap(({ name, pid }) =>
    pid === undefined ? [] : [[name, processTrees([pid]).reduce((sum, each) => sum + usedBy(each), 0)] as const],
  )
  return new Map([...services, ['this process', (user + system) / 1e6]])
}

/** What Linux counts for a process and its children that have ended, in hundredths of a second; 0 for an ended one. */
function usedBy(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')
    return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0) / 100
  } catch {
    return 0
  }
}

async function startEverything(home: string, artifacts: string, server: string | undefined): Promise<string> {
  const { databaseUrl } = await startPostgres(home)
  await migrate(databaseUrl)
  const temporalAddress = server ?? (await startTemporal(home)).temporalAddress
  const main = fileURLToPath(new URL('../../../workers/ledger/src/main.ts', import.meta.url))
  const env = { DATABASE_URL: databaseUrl, GAUNTLET_ARTIFACTS: artifacts, TEMPORAL_ADDRESS: temporalAddress }
  await startProcess(home, { name: 'ledger', ...programProcess(main), env })
  return temporalAddress
}

async function startWorkers(address: string, store: ArtifactStore): Promise<Worker[]> {
  const connection = await NativeConnection.connect({ address })
  const simulation = { pool, devices: 100, images: 1, distinct: true, faulty: false }
  const stages = simulatedStages(store, simulation, 'benchmark')
  const workflowsPath = fileURLToPath(new URL('raw-workflows.ts', import.meta.url))
  return Promise.all([
    Worker.create({ connection, taskQueue: poolQueue(pool), activities: stages.gpu }),
    Worker.create({ connection, taskQueue: poolDescriptionQueue(pool), activities: stages.description }),
    Worker.create({ connection, taskQueue: rawQueue, activities: rawActivities, workflowsPath }),
  ])
}

async function runRaw(client: Client, configurations: number, window: number): Promise<void> {
  const workflowId = `raw/${crypto.randomUUID()}`
  await client.workflow.execute<typeof rawStudy>('rawStudy', {
    workflowId,
    taskQueue: rawQueue,
    args: [configurations, window],
  })
}

/** A study that does not measure every cell was no measurement of its time. */
async function runOurs(client: Client, store: ArtifactStore, configurations: number, round: number): Promise<void> {
  const { id, text } = simulatedStudy(configurations, 10_000 * round)
  const file = await store.put(new TextEncoder().encode(text), 'application/yaml')
  const { measured } = await (await startStudy(client, { studyId: id, file, pool })).result()
  if (measured !== configurations)
    throw new Error(`Only ${measured} of ${configurations} configurations were measured.`)
}
