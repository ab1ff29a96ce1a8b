import { tf, type Tensor4D } from '@gauntlet/engine'
import type { Ball } from './ball.ts'

/** The key of the noise of a random start. */
interface StartKey {
  readonly seed: number
  /** The attack's name, so that each attack has noise of its own. */
  readonly attack: string
  readonly restart: number
}

/**
 * A random point in the ball around every image and in the box. An image's noise depends on its digest, the ball's norm
 * and the key alone, and not on the rest of the batch. images: [batch, height, width, channels]; digests: [batch]; same
 * shape out.
 */
export function randomStart(ball: Ball, images: Tensor4D, digests: readonly string[], key: StartKey): Tensor4D {
  const [batch, height, width, channels] = images.shape
  const count = height * width * channels
  const purpose = `${key.attack}/${ball.norm}/start`
  const noise = new Float32Array(batch * count)
  for (let row = 0; row < batch; row++) {
    const { seed, restart } = key
    noise.set(ball.draw({ seed, purpose, image: digests[row]!, iteration: restart }, count), row * count)
  }
  return tf.tidy(() => ball.spread(tf.tensor4d(noise, images.shape), images))
}
