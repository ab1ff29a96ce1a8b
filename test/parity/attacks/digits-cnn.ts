import type { Tensor2D } from '@gauntlet/engine'
import { conv2d, linear, relu } from '@gauntlet/nn'
import { layerSpecification, type DigitModel } from './digit-model.ts'

/** The CNN of robust_digits.py, on [batch, 28, 28, 1]: two convolutions of stride 2 and two linear layers. */
export const digitsCnn: DigitModel = {
  specifications: [
    layerSpecification('conv1', 'convolution', [8, 1, 5, 5]),
    layerSpecification('conv2', 'convolution', [16, 8, 3, 3]),
    layerSpecification('fc1', 'linear', [32, 784]),
    layerSpecification('fc2', 'linear', [10, 32]),
  ].flat(),
  logits(images, parameters) {
    const first = relu(conv2d(images, parameters.at('conv1'), { stride: 2, padding: 2 }))
    const features = relu(conv2d(first, parameters.at('conv2'), { stride: 2, padding: 1 }))
    const flat = features.transpose([0, 3, 1, 2]).reshape<Tensor2D>([-1, 784]) // PyTorch flattens channels first
    return linear(relu(linear(flat, parameters.at('fc1'))), parameters.at('fc2'))
  },
}
