import { relu6, tf, type Tensor } from '@gauntlet/engine'

export { relu6 } from '@gauntlet/engine'

/** max(x, 0). */
export function relu<T extends Tensor>(x: T): T {
  return tf.relu(x)
}

/** x Φ(x) by the error function (arXiv:1606.08415), `torch.nn.GELU()`. */
export function gelu<T extends Tensor>(x: T): T {
  return x.mul(tf.erf(x.mul(Math.SQRT1_2)).add(1).mul(0.5))
}

/** x σ(1.702 x), CLIP's approximation of GELU (openai/CLIP, model.py). */
export function quickGelu<T extends Tensor>(x: T): T {
  return x.mul(tf.sigmoid(x.mul(1.702)))
}

/** x σ(x), also called swish (arXiv:1702.03118). */
export function silu<T extends Tensor>(x: T): T {
  return x.mul(tf.sigmoid(x))
}

/** 1 / (1 + exp(−x)). */
export function sigmoid<T extends Tensor>(x: T): T {
  return tf.sigmoid(x)
}

/** relu6(x + 3) / 6 (MobileNetV3, arXiv:1905.02244, section 5.2). */
export function hardSigmoid<T extends Tensor>(x: T): T {
  return relu6(x.add<T>(3)).div(6)
}

/** x relu6(x + 3) / 6 (MobileNetV3, arXiv:1905.02244, section 5.2). */
export function hardSwish<T extends Tensor>(x: T): T {
  return x.mul(hardSigmoid(x))
}

/** exp(x) over its sum along the last axis, in float32. */
export function softmax<T extends Tensor>(x: T): T {
  return tf.softmax(x)
}
