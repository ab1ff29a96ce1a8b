/**
 * Gauntlet's `standard` on the thousand digits, to be compared with reference_verdicts.json:
 *
 *     npx tsx test/parity/attacks/verdicts.ts              all of them anew, hours on a busy core
 *     npx tsx test/parity/attacks/verdicts.ts cnn Linf     one of them, some twenty minutes
 *
 * Writes gauntlet_verdicts.json beside this file, which verdicts.test.ts compares and partly takes again.
 */
import { runEnsemble, type Ball } from '@gauntlet/attacks'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { norms, robustModelNames, robustModels, type RobustModelName } from './digit-models.ts'
import { campaignOnDigits } from './robust-digits.ts'

const file = new URL('gauntlet_verdicts.json', import.meta.url)

async function verdictsOf(model: RobustModelName, norm: Ball['norm']) {
  const began = Date.now()
  const verdicts = await runEnsemble({ ...campaignOnDigits(model, { norm }), onBlock: reporting(`${model} ${norm}`, began) })
  console.log(model, norm, 'held', verdicts.filter(({ held }) => held).length)
  return {
    epsilon: robustModels[model].epsilons[norm],
    felledBy: verdicts.map(({ felledBy }) => felledBy?.attack ?? '').join(' '),
    forwards: verdicts.reduce((sum, { forwards }) => sum + forwards, 0),
    backwards: verdicts.reduce((sum, { backwards }) => sum + backwards, 0),
    seconds: Math.round((Date.now() - began) / 1000),
  }
}

type OnBlock = NonNullable<Parameters<typeof runEnsemble>[0]['onBlock']>

/** A line every half minute. */
function reporting(what: string, began: number): OnBlock {
  let told = began
  return async (save, verdicts) => {
    if (Date.now() - told < 30_000) return
    told = Date.now()
    const { attack, queue, places } = await save()
    const held = verdicts.filter((verdict) => verdict.held).length
    console.log(what, { attack, waiting: queue.length, under: places.length, held, seconds: (told - began) / 1000 })
  }
}

type Written = Partial<Record<string, Partial<Record<string, unknown>>>>

/** Adds to the file, which may have grown in the meantime. */
function write(model: RobustModelName, norm: Ball['norm'], found: unknown): void {
  const written = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Written) : {}
  writeFileSync(file, `${JSON.stringify({ ...written, [model]: { ...written[model], [norm]: found } }, null, 2)}\n`)
}

const [onlyModel, onlyNorm] = process.argv.slice(2)
for (const model of robustModelNames.filter((name) => !onlyModel || name === onlyModel)) {
  for (const norm of norms.filter((name) => !onlyNorm || name === onlyNorm)) {
    write(model, norm, await verdictsOf(model, norm))
  }
}
