import { runOperator } from '../operator.ts'
import type { Tensor1D, Tensor2D } from '../tf.ts'
import { defineKernel } from './kernel.ts'
import { multiply, reshape } from './primitives.ts'

const kernel = defineKernel<'logits' | 'labels', object>({
  name: 'GauntletSoftmaxCrossEntropy',
  forward: ({ logits, labels }) =>
    runOperator(
      'SparseSoftmaxCrossEntropyWithLogits',
      { T: { type: 'float32' }, Tlabels: { type: 'int32' } },
      [logits, labels],
      2,
    ),
  savedInputs: [],
  savedOutputs: [false, true],
  gradient: (gradient, [ofLogits]) => ({ logits: () => multiply(ofLogits!, reshape(gradient, [gradient.size, 1])) }),
})

/**
 * Cross-entropy of softmax(logits) in nats, one number per row. One operator computes loss and gradient. logits:
 * [batch, classes]; labels: [batch], int32, below `classes`: TensorFlow refuses others on a CPU and gives NaN for them
 * on a GPU. It cannot be differentiated twice.
 */
export function softmaxCrossEntropy(logits: Tensor2D, labels: Tensor1D): Tensor1D {
  return kernel({ logits, labels }, {})[0] as Tensor1D
}
