import { loadavg } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startStudy, type Client } from '@gauntlet/client'
import { startPostgres } from '@gauntlet/infra'
import { attemptCosts, migrate, type LedgerDatabase } from '@gauntlet/ledger'
import { parseStudy, studyId, type Digest } from '@gauntlet/study'
import { SimulatedHome } from '../../simulated/simulated-home.ts'

const pool = 'benchmark'

/** A study that is measured: what is said of it, its weight, and how often its attack iterates. */
interface Contender {
  readonly name: string
  readonly weight: number
  readonly iterations: number
}

const rounds: readonly (readonly [Contender, Contender])[] = [
  [
    { name: 'weight 1', weight: 1, iterations: 100 },
    { name: 'weight 3', weight: 3, iterations: 100 },
  ],
  [
    { name: 'short stages', weight: 1, iterations: 50 },
    { name: 'stages ten times as long', weight: 1, iterations: 500 },
  ],
]

/**
 * Device-seconds that two studies get of one pool of simulated devices, when both always have more stages than there
 * are devices. The one that comes first has a head start, in which it alone fills the queue.
 */
export async function fairShareBenchmark(options: string[]): Promise<void> {
  const { values } = parseArgs({ args: options, options: { seconds: { type: 'string', default: '90' } } })
  for (const pair of rounds) {
    const simulation = { pool, devices: 4, images: 10, distinct: true, faulty: false, secondsPerForward: 1e-5 }
    const home = new SimulatedHome(simulation, 1)
    try {
      await migrate((await startPostgres(home.folder)).databaseUrl)
      await home.withClient(async (client) => {
        const ids = [await start(client, home, pair[0]), await start(client, home, pair[1], 5)]
        await sleep(20_000) // until both have stages that wait
        const before = await home.withLedger((db) => secondsOf(db, ids))
        await sleep(1_000 * Number(values.seconds))
        const after = await home.withLedger((db) => secondsOf(db, ids))
        const [first, second] = after.map((seconds, index) => seconds - before[index]!) as [number, number]
        console.log(
          `${pair[0].name}: ${first.toFixed(1)} device-seconds; ${pair[1].name}: ${second.toFixed(1)}; ratio ${(second / first).toFixed(2)} (load ${loadavg()[0]!.toFixed(1)})`,
        )
      })
    } finally {
      await home.remove()
    }
  }
}

async function start(client: Client, home: SimulatedHome, contender: Contender, delay = 0): Promise<Digest> {
  await sleep(1_000 * delay)
  const text = studyText(contender)
  const id = studyId(parseStudy(text, 'fair-share.study.yaml'))
  const file = await home.store.put(new TextEncoder().encode(text), 'application/yaml')
  await startStudy(client, { studyId: id, file, pool, weight: contender.weight })
  return id
}

function studyText({ name, weight, iterations }: Contender): string {
  const seeds = Array.from({ length: 300 }, (_, index) => 1_000 * (1 + iterations + 10 * weight) + index)
  return `name: ${name.replaceAll(' ', '-')}
datasets: [digits]
backbones: [tf_efficientnet_lite0.in1k]
losses: [Classic AT]
protocols: [LP-1]
seeds: [${seeds.join(', ')}]
perturbations: [{ name: Linf, epsilon: 4/255 }]
images: { train: 64, validation: 20, test: all }
evaluator: { name: apgd-ce, iterations: ${iterations} }
`
}

/** Seconds that each study has kept devices busy, of attempts that have ended. */
async function secondsOf(db: LedgerDatabase, ids: readonly Digest[]): Promise<number[]> {
  const costs = await Promise.all(ids.map((id) => attemptCosts(db, id)))
  return costs.map((stages) => stages.reduce((sum, { seconds }) => sum + seconds, 0))
}
