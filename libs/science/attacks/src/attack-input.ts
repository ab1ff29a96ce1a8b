import { tf, type Tensor1D, type Tensor4D } from '@gauntlet/engine'
import { InvalidInput } from '@gauntlet/study'
import type { Ball } from './balls/ball.ts'
import { ensembleNames, type EnsembleName } from './ensemble/ensemble.ts'
import type { LogitsFunction } from './attack/loss.ts'

/** The ball in which images are attacked, and by what. */
export interface AttackSettings {
  readonly norm: Ball['norm']
  /** Radius of the ball, in units of the [0, 1] pixel range. */
  readonly epsilon: number
  /** The ensemble of attacks; `standard` unless given. */
  readonly evaluator?: EnsembleName
  /** Keys all noise, together with each image's digest; 0 unless given. */
  readonly seed?: number
}

/** Refuses settings that no attack has. */
export function requireSettings({ norm, epsilon, evaluator = 'standard' }: AttackSettings): void {
  if (!['Linf', 'L2', 'L1'].includes(norm))
    throw new InvalidInput(`There is no norm ${JSON.stringify(norm)}; give Linf, L2 or L1.`)
  if (!ensembleNames.includes(evaluator))
    throw new InvalidInput(
      `There is no evaluator ${JSON.stringify(evaluator)}; give one of ${ensembleNames.join(', ')}.`,
    )
  if (norm === 'Linf' && epsilon > 1)
    throw new InvalidInput(
      `The Linf radius is ${epsilon} in units of the [0, 1] pixel range; was ${epsilon}/255 meant?`,
    )
}

/** Images and labels that can be attacked, on the host. */
interface AttackableImages {
  readonly pixels: Float32Array
  readonly labels: readonly number[]
  /** Number of classes of the model. */
  readonly classes: number
}

/** Refuses images outside [0, 1], labels that are none of the model's classes, and a model that gives no logits. */
export async function requireAttackable(
  model: LogitsFunction,
  images: Tensor4D,
  labels: Tensor1D | ArrayLike<number>,
): Promise<AttackableImages> {
  const count = requireImages(images)
  const pixels = (await images.data()) as Float32Array
  requireUnit(pixels)
  const numbers = Array.from(labels instanceof tf.Tensor ? await labels.data() : labels)
  if (numbers.length !== count)
    throw new InvalidInput(`There are ${numbers.length} labels for ${count} images; give one for each image.`)
  const classes = classesOf(model, images)
  const wrong = numbers.findIndex((label) => !(Number.isInteger(label) && label >= 0 && label < classes))
  if (wrong >= 0)
    throw new InvalidInput(
      `Label ${wrong} is ${numbers[wrong]}; with ${classes} classes give whole numbers from 0 to ${classes - 1}.`,
    )
  return { pixels, labels: numbers, classes }
}

/** The number of images, if they are a batch of some. */
function requireImages({ shape, dtype }: Tensor4D): number {
  if (shape.length !== 4 || shape.includes(0))
    throw new InvalidInput(
      `The images have the shape [${(shape as number[]).join(', ')}]; give [count, height, width, channels], at least one.`,
    )
  if (dtype !== 'float32')
    throw new InvalidInput(`The images are of type ${dtype}; give float32, as \`images.toFloat()\` is.`)
  return shape[0]
}

function requireUnit(pixels: Float32Array): void {
  const outside = pixels.find((value) => !(value >= 0 && value <= 1))
  if (outside !== undefined)
    throw new InvalidInput(`The images have a value of ${outside}; give values in [0, 1], as bytes / 255 are.`)
}

/** The number of classes of a model, by a forward pass of the first image. */
function classesOf(model: LogitsFunction, images: Tensor4D): number {
  const [shape, dtype] = tf.tidy((): [number[], string] => {
    const logits = model(images.slice([0], [1]))
    return [logits.shape, logits.dtype]
  })
  if (shape.length !== 2 || shape[0] !== 1 || shape[1]! < 2)
    throw new InvalidInput(
      `The model gives [${shape.join(', ')}] for one image; give a function of images to logits [batch, classes] of two ` +
        'classes or more.',
    )
  if (dtype !== 'float32')
    throw new InvalidInput(`The logits of the model are of type ${dtype}; give float32, and no classes or ranks.`)
  return shape[1]!
}
