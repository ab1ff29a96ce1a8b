import { closeSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '@gauntlet/files/temporary-folder'
import type { Tensor } from '../tf.ts'

/** The values of a tensor, in memory or in a file. */
export type Values = Pick<Tensor, 'dtype' | 'size' | 'dataSync'>

/**
 * Spills tensors to a file until their values are read, so that they take no memory meanwhile. The file has no name, so
 * that it is gone when the process ends, however it ends.
 */
export class SpilledTensors {
  /** The file, which is opened for the first tensor: many checks spill none. */
  private file: number | undefined
  private end = 0

  /** Writes the values of a tensor to the file. The caller keeps and disposes of the tensor. */
  spill(tensor: Tensor): Values {
    const { dtype, size } = tensor
    const values = tensor.dataSync()
    const Kind = values.constructor as new (buffer: ArrayBuffer) => ReturnType<Tensor['dataSync']>
    const { byteLength } = values
    const at = this.end
    this.file ??= unnamedFile()
    writeFileSync(this.file, new Uint8Array(values.buffer, values.byteOffset, byteLength))
    this.end += byteLength
    const dataSync = () => new Kind(this.read(at, byteLength))
    return { dtype, size, dataSync: dataSync as Tensor['dataSync'] }
  }

  /** Frees the file and with it all values. */
  dispose(): void {
    if (this.file !== undefined) closeSync(this.file)
  }

  private read(position: number, length: number): ArrayBuffer {
    const buffer = new ArrayBuffer(length)
    const read = readSync(this.file!, new Uint8Array(buffer), 0, length, position)
    if (read !== length) throw new RangeError(`The file of spilled tensors gave ${read} of ${length} bytes.`)
    return buffer
  }
}

/** A file that is open for reading and writing and has no name. */
function unnamedFile(): number {
  const folder = temporaryFolder('gauntlet-spilled-')
  try {
    return openSync(join(folder, 'tensors'), 'wx+')
  } finally {
    rmSync(folder, { recursive: true })
  }
}
