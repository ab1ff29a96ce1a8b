import { runEnsemble, subsetOf, type EnsembleTask, type EnsembleVerdict } from '@gauntlet/attacks'
import { tf, type Tensor2D } from '@gauntlet/engine'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { ensembleTaskOn } from '../../parity/attacks/robust-digits.ts'
import { readInputs } from './inputs.ts'
import { networks } from './networks.ts'
import type { AttackTime, CleanLogits, Task } from './task.ts'

/*
 * `npx tsx gauntlet-side.ts TASK` prints a line of JSON once it is ready, runs one attack of the ensemble after the
 * other on the images that held, each once it reads a line, and prints a line of JSON for it. `npx tsx gauntlet-side.ts
 * TASK --logits N` prints the clean logits of the first N images.
 */
const [words, mode, count] = process.argv.slice(2)
const task = JSON.parse(words!) as Task
const ensembleTask = {
  ...ensembleTaskOn(networks[task.network].model, task.weights, readInputs(task.inputs), task),
  batchSize: task.batch,
  seed: task.seed,
}
if (mode === '--logits') print(await cleanLogits(ensembleTask, Number(count)))
else await timeAttacks(ensembleTask)

function print(what: CleanLogits | AttackTime | { readonly ready: true }): void {
  console.log(JSON.stringify(what))
}

/** The logits of the model that attacks search on. */
async function cleanLogits({ imageSet, network }: EnsembleTask, count: number): Promise<CleanLogits> {
  const images = await imageSet.read([...imageSet.labels.keys()].slice(0, count))
  const logits: Tensor2D = tf.tidy(() => network!.logits(images, network!.parameters))
  return { logits: await logits.array() }
}

async function timeAttacks({ attacks, ...settings }: EnsembleTask): Promise<void> {
  const turns = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
  let held = [...settings.imageSet.labels.keys()]
  print({ ready: true })
  for (const attack of attacks) {
    if (held.length === 0 || (await turns.next()).done) break
    const time = await timeAttack({ ...settings, attacks: [attack] }, held)
    print(time)
    held = [...time.held]
  }
  process.stdin.destroy()
}

/** Runs the task's only attack on these images. */
async function timeAttack(ensemble: EnsembleTask, attacked: readonly number[]): Promise<AttackTime> {
  const { name, cost } = ensemble.attacks[0]!
  const [began, used] = [performance.now(), process.cpuUsage()]
  let rows = 0
  const verdicts = await runEnsemble({
    ...ensemble,
    imageSet: subsetOf(ensemble.imageSet, attacked),
    onBlock: (_save, _verdicts, work) => void (rows += work.rows * (cost.forwards + cost.backwards)),
  })
  const seconds = (performance.now() - began) / 1000
  const { user, system } = process.cpuUsage(used)
  const sum = (what: 'forwards' | 'backwards') =>
    verdicts.reduce((total, verdict: EnsembleVerdict) => total + verdict[what], 0)
  return {
    attack: name,
    seconds,
    processorSeconds: (user + system) / 1e6,
    attacked: attacked.length,
    held: attacked.filter((_, i) => verdicts[i]!.held),
    forwards: sum('forwards'),
    backwards: sum('backwards'),
    rows,
  }
}
