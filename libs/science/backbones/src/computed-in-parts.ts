import { partsOf, tf, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import { partOfContext } from '@gauntlet/nn'
import type { Backbone } from './backbone.ts'

/**
 * The backbone, computing a batch in as many parts as the process has threads for (`partsOf`). In training with batch
 * norms it computes the whole batch at once, since images are not independent there.
 */
export function computedInParts(backbone: Backbone): Backbone {
  return {
    ...backbone,
    logits(images, parameters, context) {
      const rows = images.shape[0]
      const parts = partsOf(rows)
      if (parts === 1 || (context.training && normalisesBatches(backbone)))
        return backbone.logits(images, parameters, context)
      const each = rows / parts
      const logits = (tf.split(images, parts, 0) as Tensor4D[]).map((part, i) =>
        backbone.logits(part, parameters, partOfContext(context, i * each, each)),
      )
      return tf.concat<Tensor2D>(logits, 0)
    },
  }
}

function normalisesBatches(backbone: Backbone): boolean {
  return backbone.specifications(1).some(({ name }) => name.endsWith('.running_mean'))
}
