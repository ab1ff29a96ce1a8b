/**
 * The layout of a tensor in PyTorch and in tfjs. `convolution`: OIHW ↔ HWIO; `depthwise`: [channels, 1, k, k] ↔ [k, k,
 * channels, 1]; `linear`: [out, in] ↔ [in, out]; `convolution1d`: [out, in, k] ↔ [k, in, out]; `plain`: the same in
 * both; `counter`: an integer scalar (int64 in PyTorch, int32 in tfjs).
 */
export type ParameterKind = 'convolution' | 'depthwise' | 'convolution1d' | 'linear' | 'plain' | 'counter'

/** A tensor of a model, under the checkpoint's own name. */
export interface ParameterSpecification {
  readonly name: string
  /** The shape in PyTorch. */
  readonly shape: readonly number[]
  readonly kind: ParameterKind
  /** Whether it is a parameter. Buffers, which are running statistics and counters, are not trained. */
  readonly trainable: boolean
  /** Whether weight decay applies. It does not to biases and to the parameters of normalisation layers. */
  readonly decayed: boolean
  /**
   * The first of several names of this tensor, under which the model reads it. PyTorch's `state_dict` lists a shared
   * module once for each of its owners. The copy exists in files only: it is neither trained nor held in memory, and
   * has the numbers of the first name when it is read and written.
   */
  readonly sharedWith?: string
}
