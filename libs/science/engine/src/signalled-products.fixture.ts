import { matrixProduct } from './kernels/primitives.ts'
import { ignoreSignals } from './signals.ts'
import { tf } from './tf.ts'

/*
 * A process that ignores SIGUSR2 and multiplies matrices for 1.5 s. It ends with 0 where every product has the
 * bits of the first.
 */

ignoreSignals(['SIGUSR2'])
const [a, b] = [tf.randomNormal([80, 480], 0, 1, 'float32', 1), tf.randomNormal([480, 112], 0, 1, 'float32', 2)]
const product = () => tf.tidy(() => Buffer.from(matrixProduct(a, b).dataSync().buffer as ArrayBuffer))
const first = product()
process.send!('multiplies')
for (const end = performance.now() + 1_500; performance.now() < end;) if (!product().equals(first)) process.exit(1)
process.exit(0)
