import { loadavg } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { poolBacklog, startStudy, takeSnapshot, type Client } from '@gauntlet/client'
import { startPostgres } from '@gauntlet/infra'
import { attemptCosts, migrate } from '@gauntlet/ledger'
import { parseStudy, studyId, type Digest } from '@gauntlet/study'
import { SimulatedHome } from '../../simulated/simulated-home.ts'

const pool = 'benchmark'

/** A study that is measured: what is said of it, its weight, and how often its attack iterates. */
interface Contender {
  readonly name: string
  readonly weight: number
  readonly iterations: number
}

const pairs = {
  weights: [
    { name: 'weight 1', weight: 1, iterations: 150 },
    { name: 'weight 3', weight: 3, iterations: 150 },
  ],
  lengths: [
    { name: 'short stages', weight: 1, iterations: 50 },
    { name: 'stages five times as long', weight: 1, iterations: 250 },
  ],
} as const satisfies Readonly<Record<string, readonly [Contender, Contender]>>

/** Seconds that the first study has the pool for itself. */
const headStart = 5

/** Stages that wait before shares are measured: of 200 configurations that both have in flight. */
const enough = 100

/**
 * Device-seconds that two studies get of one pool of simulated devices while both have more stages than there are
 * devices. The one that comes first has a head start, in which it alone fills the queue. `--fairness off` starts them
 * without weights, so that the queue is one of first come, first served.
 */
export async function fairShareBenchmark(options: string[]): Promise<void> {
  const { values } = parseArgs({
    args: options,
    options: {
      seconds: { type: 'string', default: '120' },
      pair: { type: 'string', default: 'weights' },
      fairness: { type: 'string', default: 'on' },
    },
  })
  const pair = pairs[values.pair as keyof typeof pairs]
  const simulation = { pool, devices: 4, images: 10, distinct: true, faulty: false, secondsPerForward: 2e-5 }
  const home = new SimulatedHome(simulation, 1)
  try {
    await migrate((await startPostgres(home.folder)).databaseUrl)
    await home.withClient(async (client) => {
      const isFair = values.fairness === 'on'
      const ids = [await start(client, home, pair[0], isFair), await start(client, home, pair[1], isFair, headStart)]
      while ((await poolBacklog(client, pool)).stages < enough) await sleep(1_000)
      await sleep(10_000) // The number is approximate, and both are to have stages among them.
      const [before, begun, waiting] = [await spent(home, ids), performance.now(), await poolBacklog(client, pool)]
      await sleep(1_000 * Number(values.seconds))
      const [after, seconds] = [await spent(home, ids), (performance.now() - begun) / 1_000]
      const [first, second] = after.map((total, index) => total - before[index]!) as [number, number]
      const left = await Promise.all(ids.map((id) => openConfigurations(client, id)))
      console.log(
        `fairness ${values.fairness}; ${pair[0].name}: ${first.toFixed(1)} device-seconds; ${pair[1].name}: ${second.toFixed(1)}; ratio ${(second / first).toFixed(2)}; devices busy ${((100 * (first + second)) / (simulation.devices * seconds)).toFixed(0)} % of ${seconds.toFixed(0)} s; stages that waited: ${waiting.stages} at its begin, ${(await poolBacklog(client, pool)).stages} at its end; configurations that had not ended: ${left.join(' and ')} (load ${loadavg()[0]!.toFixed(1)})`,
      )
    })
  } finally {
    await home.remove()
  }
}

/** Configurations of a study that have not ended. */
async function openConfigurations(client: Client, id: Digest): Promise<number> {
  const { progress } = await takeSnapshot(client, id)
  if (!progress) throw new Error('The study does not run.')
  return progress.total - Object.values(progress.ended).reduce((sum, count) => sum + count, 0)
}

async function start(
  client: Client,
  home: SimulatedHome,
  contender: Contender,
  isFair: boolean,
  delay = 0,
): Promise<Digest> {
  await sleep(1_000 * delay)
  const text = studyText(contender)
  const id = studyId(parseStudy(text, 'fair-share.study.yaml'))
  const file = await home.stored(text)
  await startStudy(client, { studyId: id, file, pool, weight: isFair ? contender.weight : 0 })
  return id
}

/** A study whose stages cost so much that Temporal can weigh each: of a large backbone, which nothing loads here. */
function studyText({ name, weight, iterations }: Contender): string {
  const seeds = Array.from({ length: 300 }, (_, index) => 1_000 * (1 + iterations + 10 * weight) + index)
  return `name: ${name.replaceAll(' ', '-')}
datasets: [digits]
backbones: [{ id: convnext_base.clip_laion2b_augreg_ft_in12k_in1k, sha256: ${'f'.repeat(64)} }]
losses: [Classic AT]
protocols: [LP-1]
seeds: [${seeds.join(', ')}]
perturbations: [{ name: Linf, epsilon: 4/255 }]
images: { train: 64, validation: 20, test: all }
evaluator: { name: apgd-ce, iterations: ${iterations} }
`
}

/** Seconds that each study has kept devices busy, of attempts that have ended. */
async function spent(home: SimulatedHome, ids: readonly Digest[]): Promise<number[]> {
  const costs = await home.withLedger((db) => Promise.all(ids.map((id) => attemptCosts(db, id))))
  return costs.map((stages) => stages.reduce((sum, { seconds }) => sum + seconds, 0))
}
