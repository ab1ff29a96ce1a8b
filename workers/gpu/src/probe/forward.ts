import type { ForwardProbe } from '@gauntlet/contract'
import { tf, type Tensor4D } from '@gauntlet/engine'
import type { NamedArray } from '@gauntlet/weights'
import { inMicroBatches } from './micro-batches.ts'
import type { Probe } from './probe.ts'
import { readProbedImages, sideOfImages, type ProbedImages } from './probed-images.ts'
import { disposeModel, loadProbedModel, readArrays, type LoadedModel } from './probed-model.ts'
import { requireWritable, writeResult } from './write-result.ts'

/**
 * Writes `logits` [n, classes] and, on request, `input_gradient` [n, height, width, 3]: the gradient of the mean
 * cross-entropy over all images.
 */
export const probeForward: Probe<ForwardProbe> = async (request, report) => {
  requireWritable(request.out)
  const inputs = readArrays(request.inputs, 'inputs')
  const model = loadProbedModel(request, sideOfImages(inputs))
  try {
    const images = readProbedImages(inputs, request, model)
    const logits = new Float32Array(images.count * model.classes)
    const gradient = request.gradients ? new Float32Array(images.pixels.length) : null
    inMicroBatches(images.shape, (from, to) => computeBatch(model, images, { from, to, logits, gradient }), report)
    const arrays: NamedArray[] = [
      { name: 'logits', dtype: 'float32', shape: [images.count, model.classes], data: logits },
    ]
    if (gradient) arrays.push({ name: 'input_gradient', dtype: 'float32', shape: images.shape, data: gradient })
    await writeResult(request.out, arrays)
    const written = arrays.map(({ name, shape }) => `${name} [${shape.join(', ')}]`).join(', ')
    return [`${request.out}: ${written}`, ...model.changes.map((change) => `weights: ${change}`)].join('\n')
  } finally {
    disposeModel(model)
  }
}

interface Batch {
  readonly from: number
  readonly to: number
  readonly logits: Float32Array
  readonly gradient: Float32Array | null
}

/** Computes the images `from` up to `to` and writes their parts of `logits` and `gradient`. */
function computeBatch(model: LoadedModel, images: ProbedImages, { from, to, logits, gradient }: Batch): void {
  const keep = (y: ArrayLike<number>) => logits.set(y, from * model.classes)
  tf.engine().startScope()
  try {
    const pixels = images.batch(from, to)
    if (!gradient) return keep(model.logits(pixels).dataSync())
    const loss = (x: Tensor4D) => {
      const y = model.logits(x)
      keep(y.dataSync())
      // The batch's share of the mean over all images.
      const chosen = tf.oneHot(images.batchLabels(from, to), model.classes)
      return tf
        .logSoftmax(y)
        .mul(chosen)
        .sum()
        .mul(-1 / images.count)
    }
    const ofPixels = tf.grad((x) => loss(x as Tensor4D))(pixels)
    gradient.set(ofPixels.dataSync(), from * (images.pixels.length / images.count))
  } finally {
    tf.engine().endScope()
  }
}
