/*
 * Runs Gauntlet's `standard` on the thousand digits, to be compared with reference_verdicts.json:
 *
 *     npx tsx test/parity/attacks/verdicts.ts              every run that the reference has, hours on a busy core
 *     npx tsx test/parity/attacks/verdicts.ts cnn Linf     those of one model in one ball, five minutes each
 *
 * Writes gauntlet_verdicts.json beside this file, which verdicts.test.ts compares and in part computes again.
 */
import { runEnsemble, type Ball, type OnBlock } from '@gauntlet/attacks'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { norms, robustModelNames, robustModels, type RobustModelName } from './digit-models.ts'
import { ensembleTaskOnDigits } from './robust-digits.ts'

type Run = { readonly seed: number }
type Runs = Partial<Record<RobustModelName, Partial<Record<Ball['norm'], readonly Run[]>>>>

const at = (name: string) => new URL(name, import.meta.url)
const read = (name: string) => (existsSync(at(name)) ? (JSON.parse(readFileSync(at(name), 'utf8')) as Runs) : {})

async function runOf(model: RobustModelName, norm: Ball['norm'], seed: number): Promise<Run> {
  const began = Date.now()
  const onBlock = reporting(`${model} ${norm} ${seed}`, began)
  const verdicts = await runEnsemble({ ...ensembleTaskOnDigits(model, { norm }), seed, onBlock })
  console.log(model, norm, seed, 'held', verdicts.filter(({ held }) => held).length)
  const found = {
    epsilon: robustModels[model].epsilons[norm],
    felledBy: verdicts.map(({ felledBy }) => felledBy?.attack ?? '').join(' '),
    forwards: verdicts.reduce((sum, { forwards }) => sum + forwards, 0),
    backwards: verdicts.reduce((sum, { backwards }) => sum + backwards, 0),
    seconds: Math.round((Date.now() - began) / 1000),
  }
  return { seed, ...found }
}

/** Prints a line every half minute. */
function reporting(what: string, began: number): OnBlock {
  let last = began
  return async (save, verdicts) => {
    if (Date.now() - last < 30_000) return
    last = Date.now()
    const { attack, queue, positions } = await save()
    const held = verdicts.filter((verdict) => verdict.held).length
    console.log(what, { attack, waiting: queue.length, under: positions.length, held, seconds: (last - began) / 1000 })
  }
}

/** Adds a run, or replaces the run of its seed. The file is read anew, since it may have grown. */
function write(model: RobustModelName, norm: Ball['norm'], run: Run): void {
  const written = read('gauntlet_verdicts.json')
  const others = (written[model]?.[norm] ?? []).filter(({ seed }) => seed !== run.seed)
  const runs = [...others, run].toSorted((a, b) => a.seed - b.seed)
  const all = { ...written, [model]: { ...written[model], [norm]: runs } }
  writeFileSync(at('gauntlet_verdicts.json'), `${JSON.stringify(all, null, 2)}\n`)
}

const [onlyModel, onlyNorm] = process.argv.slice(2)
const reference = read('reference_verdicts.json')
for (const model of robustModelNames.filter((name) => !onlyModel || name === onlyModel)) {
  for (const norm of norms.filter((name) => !onlyNorm || name === onlyNorm)) {
    for (const { seed } of reference[model]?.[norm] ?? []) write(model, norm, await runOf(model, norm, seed))
  }
}
