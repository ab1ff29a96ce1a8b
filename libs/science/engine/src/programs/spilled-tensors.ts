import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Tensor } from '../tf.ts'

/** Numbers of a tensor, wherever they lie. */
export type Values = Pick<Tensor, 'dtype' | 'size' | 'dataSync'>

/**
 * Puts the numbers of tensors into a file until they are asked for, so that they need no memory meanwhile. The file has
 * no name: it is gone with the process, however that ends.
 */
export class SpilledTensors {
  /** Opened for the first tensor: many checks have none to spill. */
  private file: number | undefined
  private end = 0

  /** The tensor remains the caller's to dispose of. */
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

  /** Frees the file; the numbers are lost. */
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

/** Open for reading and writing. */
function unnamedFile(): number {
  const folder = mkdtempSync(join(tmpdir(), 'gauntlet-spilled-'))
  try {
    return openSync(join(folder, 'tensors'), 'wx+')
  } finally {
    rmSync(folder, { recursive: true })
  }
}
