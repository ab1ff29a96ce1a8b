import { tf, type Tensor2D, type Tensor3D, type Tensor4D } from '@gauntlet/engine'
import { attention, conv2d, gelu, layerNorm, linear, type Parameters } from '@gauntlet/nn'
import { layerSpecification, normSpecification, plainSpecification, type DigitModel } from './digit-model.ts'

const [patch, tokens, width, heads, depth] = [7, 16, 48, 4, 2]
const epsilon = 1e-6

/**
 * A small ViT (arXiv:2010.11929) on [batch, 28, 28, 1], with patches of 7 × 7, learned positions, two blocks and the
 * mean of the tokens. Names and arithmetic are those of robust_vit.py.
 */
export const digitsVit: DigitModel = {
  specifications: [
    plainSpecification('pos_embed', [1, tokens, width]),
    ...layerSpecification('patch_embed', 'convolution', [width, 1, patch, patch]),
    ...Array.from({ length: depth }, (_, i) => `blocks.${i}`).flatMap((block) => [
      ...normSpecification(`${block}.norm1`, width),
      ...layerSpecification(`${block}.qkv`, 'linear', [3 * width, width]),
      ...layerSpecification(`${block}.proj`, 'linear', [width, width]),
      ...normSpecification(`${block}.norm2`, width),
      ...layerSpecification(`${block}.fc1`, 'linear', [4 * width, width]),
      ...layerSpecification(`${block}.fc2`, 'linear', [width, 4 * width]),
    ]),
    ...normSpecification('norm', width),
    ...layerSpecification('head', 'linear', [10, width]),
  ],
  logits(images, parameters) {
    const patches = conv2d(images, parameters.at('patch_embed'), { stride: patch, padding: 0 })
    let x = patches.reshape<Tensor3D>([-1, tokens, width]).add<Tensor3D>(parameters.tensor('pos_embed'))
    for (let i = 0; i < depth; i++) x = block(x, parameters.at(`blocks.${i}`))
    const mean = layerNorm(x, parameters.at('norm'), { epsilon }).mean<Tensor2D>(1)
    return linear(mean, parameters.at('head'))
  },
}

/** Transformer block (equations 2 and 3). x: [batch, 16, width]; same shape out. */
function block(x: Tensor3D, parameters: Parameters): Tensor3D {
  const mixed = mixTokens(layerNorm(x, parameters.at('norm1'), { epsilon }), parameters)
  const y = x.add<Tensor3D>(mixed)
  const hidden = gelu(linear(layerNorm(y, parameters.at('norm2'), { epsilon }), parameters.at('fc1')))
  return y.add(linear(hidden, parameters.at('fc2')))
}

function mixTokens(x: Tensor3D, parameters: Parameters): Tensor3D {
  const projected = linear(x, parameters.at('qkv')).reshape([-1, tokens, 3, heads, width / heads])
  const [query, key, value] = tf.unstack(projected.transpose([2, 0, 3, 1, 4])) as [Tensor4D, Tensor4D, Tensor4D]
  const mixed = attention(query, key, value, { scale: Math.sqrt(heads / width) })
  return linear(mixed.transpose([0, 2, 1, 3]).reshape<Tensor3D>([-1, tokens, width]), parameters.at('proj'))
}
