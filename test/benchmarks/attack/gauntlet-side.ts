import { runEnsemble, subsetOf, type EnsembleTask, type EnsembleVerdict } from '@gauntlet/attacks'
import { tf, type Tensor2D } from '@gauntlet/engine'
import process from 'node:process'
import { ensembleTaskOn } from '../../parity/attacks/robust-digits.ts'
import { readInputs } from './inputs.ts'
import { networks } from './networks.ts'
import type { AttackTime, CleanLogits, Task } from './task.ts'

/*
 * `npx tsx gauntlet-side.ts TASK` runs one attack of the ensemble after the other on the images that held, and prints a
 * line of JSON for each. `npx tsx gauntlet-side.ts TASK --logits N` prints the clean logits of the first N images.
 */
const [words, mode, count] = process.argv.slice(2)
const task = JSON.parse(words!) as Task
const ensembleTask = {
  ...ensembleTaskOn(networks[task.network].model, task.weights, readInputs(task.inputs), task),
  batchSize: task.batch,
}
if (mode === '--logits') print(await cleanLogits(ensembleTask, Number(count)))
else await timeAttacks(ensembleTask)

function print(what: CleanLogits | AttackTime): void {
  console.log(JSON.stringify(what))
}

/** The logits of the model that attacks search on. */
async function cleanLogits({ imageSet, network }: EnsembleTask, count: number): Promise<CleanLogits> {
  const images = await imageSet.read([...imageSet.labels.keys()].slice(0, count))
  const logits: Tensor2D = tf.tidy(() => network!.logits(images, network!.parameters))
  return { logits: await logits.array() }
}

async function timeAttacks({ imageSet, attacks, ...settings }: EnsembleTask): Promise<void> {
  let held = [...imageSet.labels.keys()]
  for (const attack of attacks) {
    const [began, used] = [performance.now(), process.cpuUsage()]
    const verdicts = await runEnsemble({ ...settings, imageSet: subsetOf(imageSet, held), attacks: [attack] })
    const sum = (what: 'forwards' | 'backwards') =>
      verdicts.reduce((total, verdict: EnsembleVerdict) => total + verdict[what], 0)
    const attacked = held.length
    held = held.filter((_, i) => verdicts[i]!.held)
    const seconds = (performance.now() - began) / 1000
    const { user, system } = process.cpuUsage(used)
    const processorSeconds = (user + system) / 1e6
    const passes = { forwards: sum('forwards'), backwards: sum('backwards') }
    print({ attack: attack.name, seconds, processorSeconds, attacked, held: held.length, ...passes })
  }
}
