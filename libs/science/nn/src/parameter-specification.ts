/**
 * How a tensor lies in PyTorch and in tfjs: `convolution` OIHW ↔ HWIO; `depthwise` [channels, 1, k, k] ↔ [k, k,
 * channels, 1]; `linear` [out, in] ↔ [in, out]; `convolution1d` [out, in, k] ↔ [k, in, out]; `plain` the same in both;
 * `counter` an integer scalar (int64 in PyTorch, int32 in tfjs).
 */
export type ParameterKind = 'convolution' | 'depthwise' | 'convolution1d' | 'linear' | 'plain' | 'counter'

/** A tensor a model has, under the checkpoint's own name. */
export interface ParameterSpecification {
  readonly name: string
  /** PyTorch's shape. */
  readonly shape: readonly number[]
  readonly kind: ParameterKind
  /** False for buffers: running statistics and counters. */
  readonly trainable: boolean
  /** Whether weight decay applies; not to biases, nor to what normalisation layers learn. */
  readonly decayed: boolean
  /**
   * The name under which the model reads this tensor, where a `state_dict` holds it under several (PyTorch lists a
   * shared module once for each of its owners). The copy is for files only: neither trained nor held in memory, the
   * same numbers as the first name's when read and written.
   */
  readonly sharedWith?: string
}
