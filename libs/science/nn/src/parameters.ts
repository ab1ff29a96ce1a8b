import type { Tensor } from '@gauntlet/engine'

/** A model was asked for a tensor its checkpoint does not have; a retry does not help. */
export class MissingParameter extends Error {
  override readonly name = 'MissingParameter'
}

/**
 * Named tensors under a checkpoint's own names, in tfjs's layouts. `at` narrows to a module, as `state_dict` prefixes
 * do.
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

  /** The full name a tensor has in the checkpoint. */
  fullName(name: string): string {
    return this.prefix + name
  }

  /** Every tensor by full name, whatever the prefix. */
  entries(): IterableIterator<[string, Tensor]> {
    return this.tensors.entries()
  }
}

/** Gives the memory of parameters back to the engine. */
export function disposeParameters(parameters: Parameters): void {
  for (const [, tensor] of parameters.entries()) tensor.dispose()
}
