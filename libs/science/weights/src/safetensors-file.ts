/* The file format alone, for rooms without tensors: nothing that is imported here loads the engine. */
export type { NamedArray } from './named-array.ts'
export { readSafetensors, writeSafetensors } from './safetensors.ts'
