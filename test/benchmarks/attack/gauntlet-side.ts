import { runEnsemble, type EnsembleVerdict, type Gallery } from '@gauntlet/attacks'
import process from 'node:process'
import { campaignOnDigits } from '../../parity/attacks/robust-digits.ts'
import type { Task, AttackTime } from './task.ts'

/** `npx tsx gauntlet-side.ts TASK`: runs one attack of the ensemble after the other on the images that held, and prints a line of JSON for each. */
const { model, images, batch, ...settings } = JSON.parse(process.argv[2]!) as Task
const campaign = { ...campaignOnDigits(model, { ...settings, count: images }), batchSize: batch }

let held = [...campaign.gallery.labels.keys()]
for (const attack of campaign.attacks) {
  const began = performance.now()
  const verdicts = await runEnsemble({ ...campaign, gallery: part(campaign.gallery, held), attacks: [attack] })
  const sum = (what: 'forwards' | 'backwards') => verdicts.reduce((total, verdict: EnsembleVerdict) => total + verdict[what], 0)
  const attacked = held.length
  held = held.filter((_, i) => verdicts[i]!.held)
  const seconds = (performance.now() - began) / 1000
  const found: AttackTime = {
    attack: attack.name,
    seconds,
    attacked,
    held: held.length,
    forwards: sum('forwards'),
    backwards: sum('backwards'),
  }
  console.log(JSON.stringify(found))
}

function part({ digests, labels, shape, read }: Gallery, rows: readonly number[]): Gallery {
  return {
    digests: rows.map((row) => digests[row]!),
    labels: rows.map((row) => labels[row]!),
    shape,
    read: (chosen) => read(chosen.map((i) => rows[i]!)),
  }
}
