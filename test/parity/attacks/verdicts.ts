/**
 * Gauntlet's `standard` on the thousand digits, to be compared with reference_verdicts.json:
 *
 *     npx tsx test/parity/attacks/verdicts.ts Linf     (after reference_verdicts.py; half an hour for each norm on a busy core)
 *
 * Adds to gauntlet_verdicts.json beside this file, which verdicts.test.ts compares and partly takes again.
 */
import { runEnsemble, type Ball } from '@gauntlet/attacks'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { standardOnDigits } from './robust-digits.ts'

const norm = process.argv[2] as Ball['norm']
const at = (name: string) => new URL(name, import.meta.url)
const reference = JSON.parse(readFileSync(at('reference_verdicts.json'), 'utf8')) as Record<string, { epsilon: number }>
const epsilon = reference[norm]!.epsilon

const began = Date.now()
let blocks = 0
const verdicts = await runEnsemble({
  ...standardOnDigits(norm, epsilon),
  onBlock: async (save) => {
    if (++blocks % 250 > 0) return
    const { attack, queue, places, verdicts: now } = await save()
    console.log(norm, {
      attack,
      waiting: queue.length,
      under: places.length,
      held: now.filter(({ held }) => held).length,
      seconds: (Date.now() - began) / 1000,
    })
  },
})
const file = at('gauntlet_verdicts.json')
const written = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as object) : {}
const found = {
  epsilon,
  felledBy: verdicts.map(({ felledBy }) => felledBy?.attack ?? '').join(' '),
  forwards: verdicts.reduce((sum, { forwards }) => sum + forwards, 0),
  backwards: verdicts.reduce((sum, { backwards }) => sum + backwards, 0),
  seconds: Math.round((Date.now() - began) / 1000),
}
writeFileSync(file, `${JSON.stringify({ ...written, [norm]: found }, null, 2)}\n`)
console.log(norm, 'held', verdicts.filter(({ held }) => held).length)
