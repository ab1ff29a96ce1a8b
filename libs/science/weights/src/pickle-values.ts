import type { ElementType } from './named-array.ts'

/** Bytes that several tensors may share, by their key in the file. */
export class StorageReference {
  constructor(
    readonly dtype: ElementType,
    readonly key: string,
    readonly elements: number,
  ) {}
}

/** A strided window on a storage, in elements. */
export class TensorReference {
  constructor(
    readonly storage: StorageReference,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

/** A name the pickle asked for and may have. */
export class AllowedGlobal {
  constructor(
    readonly name: string,
    readonly call: ((values: readonly PickleValue[]) => PickleValue) | undefined,
    readonly storageType?: ElementType,
  ) {}
}

/**
 * What training scripts keep beside their tensors and no tensor needs: a class, an object of it, bytes, a set, a large
 * number. Only its name is kept; what the file says should be done with it is not done.
 */
export class Opaque {
  constructor(readonly name: string) {}
}

export class PickleTuple {
  constructor(readonly items: readonly PickleValue[]) {}
}

/** Keys are what the file says, which in a state dictionary is text. */
export type PickleMap = Map<PickleValue, PickleValue>

export type PickleValue =
  | null
  | boolean
  | number
  | string
  | PickleValue[]
  | PickleTuple
  | PickleMap
  | AllowedGlobal
  | Opaque
  | StorageReference
  | TensorReference

export function isSize(value: PickleValue | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
