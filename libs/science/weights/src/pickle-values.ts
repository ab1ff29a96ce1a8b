import type { ElementType } from './named-array.ts'

/** A storage: bytes that several tensors may share, by their key in the file. */
export class StorageReference {
  constructor(
    readonly dtype: ElementType,
    readonly key: string,
    readonly elements: number,
  ) {}
}

/** A tensor: a strided window on a storage. All numbers are in elements. */
export class TensorReference {
  constructor(
    readonly storage: StorageReference,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

/** A global that a pickle may refer to. */
export class AllowedGlobal {
  constructor(
    readonly name: string,
    readonly call: ((values: readonly PickleValue[]) => PickleValue) | undefined,
    readonly storageType?: ElementType,
  ) {}
}

/**
 * A value that no tensor needs and that training scripts keep beside their tensors: a class, an object, bytes, a set, a
 * large integer. Only its name is kept. Nothing that the file would do with it is done.
 */
export class Opaque {
  constructor(readonly name: string) {}
}

export class PickleTuple {
  constructor(readonly items: readonly PickleValue[]) {}
}

/** A dictionary. Keys may be any value; in a state dictionary they are text. */
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
