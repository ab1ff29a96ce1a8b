import {
  fastestForm,
  formNamed,
  ProgramBuilder,
  tf,
  uniform,
  type FormTrial,
  type Tensor,
  type Tensor2D,
  type Tensor4D,
} from '@gauntlet/engine'
import { batchNorm, conv2d, evaluationMode, gelu, layerNorm, linear, Parameters, relu } from '@gauntlet/nn'

/**
 * The size of the images. The work is large enough that the time of kernels counts and not that of their launches, and
 * small enough that a form is measured within a second.
 */
const [batch, side, channels] = [16, 28, 64]

/**
 * Measures forms, the fastest first, on the forward pass of a small network and its gradients by pixels and weights.
 * The network has what every family consists of: convolutions with batch norm, and products with layer norm and GELU.
 */
export function measureForms(names: readonly string[]): FormTrial[] {
  const images = tensor('images', [batch, side, side, channels])
  const parameters = Object.fromEntries(weights())
  const builder = new ProgramBuilder({ parameters })
  try {
    const program = builder.capture(
      'probe',
      (inputs, state) => ({ outputs: gradients(inputs.images, state.parameters) }),
      {
        images,
      },
    )
    return fastestForm(builder, program, { images }, { forms: names.map(formNamed) })
  } finally {
    builder.dispose()
    tf.dispose([images, ...Object.values(parameters)])
  }
}

type Named = Readonly<Record<string, Tensor>>

function gradients(images: Tensor, parameters: Named) {
  const [filter, matrix] = [parameters['conv1.weight']!, parameters['fc1.weight']!]
  const loss = (x: Tensor, w: Tensor, m: Tensor) =>
    output(x, { ...parameters, 'conv1.weight': w, 'fc1.weight': m })
      .square()
      .mean()
  const { value, grads } = tf.valueAndGrads(loss as never)([images, filter, matrix])
  return { value, ofImages: grads[0]!, ofFilter: grads[1]!, ofMatrix: grads[2]! }
}

function output(images: Tensor, named: Named): Tensor {
  const at = Parameters.of(Object.entries(named))
  const convolved = (x: Tensor4D, index: number) =>
    relu(batchNorm(conv2d(x, at.at(`conv${index}`), { padding: 1 }), at.at('norm'), evaluationMode))
  const features = convolved(convolved(images as Tensor4D, 1), 2)
  const tokens = features.reshape<Tensor2D>([-1, channels])
  return tokens.add(
    linear(gelu(linear(layerNorm(tokens, at.at('norm'), { epsilon: 1e-6 }), at.at('fc1'))), at.at('fc2')),
  )
}

function weights(): [string, Tensor][] {
  const shapes = {
    'conv1.weight': [3, 3, channels, channels],
    'conv2.weight': [3, 3, channels, channels],
    'fc1.weight': [channels, 4 * channels],
    'fc2.weight': [4 * channels, channels],
    ...Object.fromEntries(
      ['weight', 'bias', 'running_mean', 'running_var'].map((name) => [`norm.${name}`, [channels]]),
    ),
  }
  return Object.entries(shapes).map(([name, shape]) => [name, tensor(name, shape)])
}

/** Values from 0.05 to 0.15. All are positive, so that variances are positive and no rectifier is at its kink. */
function tensor(name: string, shape: readonly number[]): Tensor {
  const count = shape.reduce((product, size) => product * size, 1)
  return tf.tensor(
    uniform({ seed: 0, purpose: `forms/${name}` }, count).map((u) => 0.05 + 0.1 * u),
    [...shape],
  )
}
