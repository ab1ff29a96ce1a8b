import { attacksOf, ballOf, ensembleOf, frozenNetwork, runEnsemble } from '@gauntlet/attacks'
import { backboneFor, implementedBackbones } from '@gauntlet/backbones'
import { ProgramBuilder, tf, uniform } from '@gauntlet/engine'
import { evaluationMode } from '@gauntlet/nn'
import { defaultHyperparameters } from '@gauntlet/study'
import { fineTuneModel, trainableModel } from '@gauntlet/training'
import { toParameters } from '@gauntlet/weights'
import { randomWeights } from '/work/wt/pjrt/workers/gpu/src/bench/random-weights.ts'
import { writeFileSync } from 'node:fs'

class Stop extends Error {}
let found: [string, number][] = []
ProgramBuilder.prototype.load = function (this: ProgramBuilder) {
  const t = performance.now()
  const all = this.lowered()
  for (const [name, { module }] of all) { found.push([name, module.length]); if (process.env['OUT']) writeFileSync(`${process.env['OUT']}-${name}.hlo`, module) }
  found.push(['seconds', (performance.now() - t) / 1000])
  throw new Stop('stop')
} as never
const classes = 10
const args = process.argv.slice(2)
const ids = args[0] === 'all' ? implementedBackbones : args
for (const id of ids) {
  const b = backboneFor(id)
  const { native, minimum, step = 1 } = b.resolution
  const side = process.env['NATIVE'] || native === minimum ? native : Math.max(minimum, Math.ceil(32 / step) * step)
  const spec = b.specifications(classes)
  const make = () => toParameters(randomWeights(spec), spec)
  const pixels = (n: number) => uniform({ seed: 0, purpose: 'p' }, n * side * side * 3)
  const say = (what: string, e: unknown) => console.log(id, side, what, e instanceof Stop ? found.map(([n, s]) => `${n} ${s > 1000 ? Math.round(s / 1000) + 'k' : s.toFixed(1)}`).join(', ') : String((e as Error).stack).slice(0, 700))
  const attempt = async (what: string, work: () => Promise<unknown>) => {
    found = []
    try { await work(); console.log(id, what, 'NOT STOPPED') } catch (e) { say(what, e) }
  }
  await attempt('train', () => fineTuneModel({
    model: trainableModel(b, classes), parameters: make,
    settings: { loss: 'TRADES', protocol: { id: 'FFT-1', trains: 'all', epochs: 1 }, seed: 0, hyperparameters: { ...defaultHyperparameters, effectiveBatch: 2, microBatch: 2 } },
    training: { count: 2, resolution: side, read: async () => ({ images: pixels(2), labels: Int32Array.from([0, 1]) }) },
    validation: { count: 2, resolution: side, read: async () => ({ images: pixels(2), labels: Int32Array.from([0, 1]) }) },
  }))
  if (process.env['ATTACKS']) {
    const p = make()
    const n = 2
    const images = tf.tensor4d(pixels(n), [n, side, side, 3])
    const network = frozenNetwork((x, given) => b.logits(x, given, evaluationMode), p, images)
    const logits = (x: any) => b.logits(x, p, evaluationMode)
    const labels = Array.from(tf.tidy(() => logits(images).argMax(1).dataSync())) as number[]
    for (const norm of ['Linf', 'L2', 'L1'] as const) for (const name of ['standard', 'plus', 'rand'] as const) {
      if (name !== 'standard' && norm === 'L1') continue
      const ball = ballOf(norm, 0.1)
      for (const attack of attacksOf(ensembleOf(name, norm, classes), ball))
        await attempt(`${norm} ${name} ${attack.name}`, () => runEnsemble({ logits, network, ball, imageSet: { digests: ['a', 'b'], labels, shape: [side, side, 3], read: async (rows: readonly number[]) => tf.gather(images, [...rows]) } as never, attacks: [attack], seed: 0, batchSize: 2 } as never))
    }
  }
}
