import type { Tensor } from '@gauntlet/engine'

/** A model reads a tensor that its checkpoint does not have. A retry does not help. */
export class MissingParameter extends Error {
  override readonly name = 'MissingParameter'
}

/**
 * Tensors under a checkpoint's own names, in tfjs's layouts. `at` selects a module, as prefixes in a `state_dict` do.
 */
export class Parameters {
  private constructor(
    private readonly tensors: ReadonlyMap<string, Tensor>,
    private readonly prefix: string,
  ) {}

  static of(tensors: ReadonlyMap<string, Tensor> | Iterable<readonly [string, Tensor]>): Parameters {
    return new Parameters(tensors instanceof Map ? tensors : new Map(tensors), '')
  }

  /** The parameters of the submodule `name`. */
  at(name: string): Parameters {
    return new Parameters(this.tensors, `${this.prefix}${name}.`)
  }

  /** The tensor `name` of this module. */
  tensor<T extends Tensor = Tensor>(name: string): T {
    const tensor = this.tensors.get(this.prefix + name)
    if (!tensor)
      throw new MissingParameter(`The parameters have no tensor ${this.prefix}${name}; load them for this backbone.`)
    return tensor as T
  }

  has(name: string): boolean {
    return this.tensors.has(this.prefix + name)
  }

  /** The full name of a tensor in the checkpoint. */
  fullName(name: string): string {
    return this.prefix + name
  }

  /** Every tensor by its full name, whatever the prefix. */
  entries(): IterableIterator<[string, Tensor]> {
    return this.tensors.entries()
  }
}

/** Frees the memory of parameters. */
export function disposeParameters(parameters: Parameters): void {
  for (const [, tensor] of parameters.entries()) tensor.dispose()
}
