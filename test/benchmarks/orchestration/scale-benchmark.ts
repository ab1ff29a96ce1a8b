import { readFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Client } from '@gauntlet/client'
import { recordedWorker, recordWholeStudy } from '@gauntlet/ledger-worker/fixtures/recorded-study'
import { processTrees } from '../../end-to-end/kill-trees.fixture.ts'
import { SimulatedHome } from '../../simulated/simulated-home.ts'
import { simulatedStudy, type SimulatedStudy } from '../../simulated/simulated-study.ts'
import { BulkActivities, hastyStore } from '../ledger/bulk-activities.ts'

/** Between two lines of progress. */
const intervalMilliseconds = 30_000

/**
 * One study as large as asked for (14,400 configurations) whose stages do nothing, with real services: whether it ends,
 * the memory of each part while it runs, the longest history that it leaves, and how long the same study takes with one
 * configuration more, when everything else is known. `--filled` writes the first study into the ledger by script, with
 * every artifact, and measures that last time alone.
 */
export async function scaleBenchmark(options: string[]): Promise<void> {
  const { values } = parseArgs({
    args: options,
    options: { configurations: { type: 'string', default: '14400' }, filled: { type: 'boolean', default: false } },
  })
  const configurations = Number(values.configurations)
  const study = studyOf(configurations)
  const simulation = {
    pool: 'default',
    devices: 100,
    images: 1,
    // A script that fills the ledger writes one file for all.
    distinct: !values.filled,
    faulty: false,
    ...(values.filled ? { worker: recordedWorker(study) } : {}),
  }
  const home = new SimulatedHome(simulation, 1)
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void home.remove().finally(() => process.exit(1)))
  try {
    await home.withClient(async (client) => {
      console.log(`${configurations} configurations, ${cpus().length} cores, load ${loadavg()[0]!.toFixed(1)}`)
      await (values.filled ? measureFilled(home, client, study) : measure(home, client, configurations))
    })
  } finally {
    await home.remove()
  }
}

function studyOf(configurations: number): SimulatedStudy {
  return simulatedStudy(configurations, 0, ['Classic AT', 'TRADES'])
}

async function measureFilled(home: SimulatedHome, client: Client, study: SimulatedStudy): Promise<void> {
  const begun = performance.now()
  await home.withLedger(async (db) => {
    const store = hastyStore(home.store, join(home.folder, 'artifacts'))
    const recording = new BulkActivities(db, store)
    await recordWholeStudy(db, store, { text: study.text, images: 1, recording })
    await recording.flush()
    await db.execute('analyze')
  })
  console.log(`ledger and store filled: ${((performance.now() - begun) / 1_000).toFixed(1)} s`)
  const memory = new TreeMemory(home.pids())
  const known = study.configurations.length
  for (const more of [1, 2, 3])
    console.log(`one configuration more: ${await runStudy(home, client, known + more, memory)} s`)
}

async function measure(home: SimulatedHome, client: Client, configurations: number): Promise<void> {
  const memory = new TreeMemory(home.pids())
  console.log(`every configuration: ${await runStudy(home, client, configurations, memory)} s`)
  console.log(`largest memory: ${memory.largest()}`)
  console.log(await longestHistories(client))
  console.log(`the same again: ${await runStudy(home, client, configurations, memory)} s`)
  console.log(`one configuration more: ${await runStudy(home, client, configurations + 1, memory)} s`)
}

/** Seconds from the start of a study of this many configurations to its end. One that misses a number is an error. */
async function runStudy(
  home: SimulatedHome,
  client: Client,
  configurations: number,
  memory: TreeMemory,
): Promise<string> {
  const study = studyOf(configurations)
  const begun = performance.now()
  const seconds = () => (performance.now() - begun) / 1_000
  const handle = await home.startStudy(client, study)
  const result = handle.result()
  const isOver = result.then(() => true)
  do {
    memory.look()
    const { historyLength } = await handle.describe()
    console.log(`  ${seconds().toFixed(0)} s, events of the study's run ${historyLength}: ${memory.now()}`)
  } while (!(await Promise.race([isOver, sleep(intervalMilliseconds, false)])))
  const { measured } = await result
  if (measured !== configurations) throw new Error(`Only ${measured} of ${configurations} were measured.`)
  return seconds().toFixed(1)
}

/** The longest history of each kind of workflow, of runs that have ended. */
async function longestHistories(client: Client): Promise<string> {
  const longest = new Map<string, { runs: number; events: number }>()
  for await (const { type, historyLength } of client.workflow.list()) {
    const { runs, events } = longest.get(type) ?? { runs: 0, events: 0 }
    longest.set(type, { runs: runs + 1, events: Math.max(events, historyLength ?? 0) })
  }
  return [...longest].map(([type, { runs, events }]) => `${type}: ${runs} runs, at most ${events} events`).join('; ')
}

/** Memory of processes with their descendants, in MB, shared pages by parts (Pss). */
class TreeMemory {
  private readonly peaks = new Map<string, number>()
  private latest = new Map<string, number>()

  constructor(private readonly roots: ReadonlyMap<string, number>) {}

  look(): void {
    this.latest = new Map([...this.roots].map(([name, pid]) => [name, megabytes(processTrees([pid]))]))
    for (const [name, size] of this.latest) this.peaks.set(name, Math.max(size, this.peaks.get(name) ?? 0))
  }

  now(): string {
    return rendered(this.latest)
  }

  largest(): string {
    return rendered(this.peaks)
  }
}

function rendered(sizes: ReadonlyMap<string, number>): string {
  return [...sizes].map(([name, size]) => `${name} ${size} MB`).join(', ')
}

function megabytes(pids: readonly number[]): number {
  const kilobytes = pids.map((pid) => {
    try {
      const line = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))
      return Number(line?.[1] ?? 0)
    } catch {
      return 0 // A session of Postgres that has ended meanwhile.
    }
  })
  return Math.round(kilobytes.reduce((sum, each) => sum + each, 0) / 1024)
}
