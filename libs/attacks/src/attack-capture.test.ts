import { ProgramBuilder, tf, type Tensor1D, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { attacksOf, ensembleOf } from './ensemble.ts'
import { l1 } from './l1.ts'
import { l2 } from './l2.ts'
import { linf } from './linf.ts'
import { someImages } from './testing/arbitraries.ts'
import { imagesOf, tinyConvolution } from './testing/tiny-models.ts'

const balls = [linf(0.05), l2(0.3), l1(1)].map((ball) => [ball.norm, ball] as const)
const fixed = fc.sample(someImages, { seed: 8, numRuns: 3 }).flat().slice(0, 3)

describe.each(balls)('steps of attacks in the %s ball', (norm, ball) => {
  const { entries, ...ensemble } = ensembleOf('standard', norm, 5)
  const attacks = attacksOf({ ...ensemble, entries: entries.map((entry) => ({ ...entry, iterations: 4 })) }, ball)

  it.each(attacks.map((attack) => [attack.name, attack] as const))('can be captured as one program: %s', (_, attack) => {
    const images = imagesOf(fixed.map(({ image }) => image))
    const [labels, targets] = [tf.tensor1d([0, 1, 2], 'int32'), tf.tensor1d([1, 2, 3], 'int32')]
    const scripts = fixed.map((__, i) => attack.script({ seed: 1, image: `image ${i}`, run: 0 }, [4, 4, 3]))
    const start = attack.enter(images, tf.tensor2d(scripts.map((script) => [...script.start])))
    const cuesAt = (step: number) => tf.tensor2d(scripts.map((script) => [...script.cue(step)]))
    const builder = new ProgramBuilder({ attack: start })
    const step = builder.capture(
      attack.name,
      (inputs, state) => {
        const {
          images: points,
          labels: own,
          targets: aims,
          cues,
        } = inputs as { images: Tensor4D; labels: Tensor1D; targets: Tensor1D; cues: Tensor2D }
        const { state: next, ...glance } = attack.step(
          { logits: tinyConvolution, images: points, labels: own, targets: aims },
          state.attack,
          cues,
        )
        return { outputs: glance, state: { attack: next } }
      },
      { images, labels, targets, cues: cuesAt(0) },
    )
    const session = builder.load()
    let state = start
    for (let i = 0; i < Math.min(attack.steps, 5); i++) {
      const captured = session.run(step, { images, labels, targets, cues: cuesAt(i) }) as { point: Tensor4D }
      const eager = attack.step({ logits: tinyConvolution, images, labels, targets }, state, cuesAt(i))
      state = eager.state
      expect(tf.tidy(() => captured.point.sub(eager.point).abs().max().dataSync()[0])).toBeLessThan(1e-5)
    }
    session.dispose()
    builder.dispose()
  })
})
