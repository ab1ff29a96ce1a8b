/** A safetensors file with this header, given as text or as an object, and so many bytes of data. */
export function fileOf(header: unknown, dataLength = 0, headerLength?: bigint): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header))
  const file = new Uint8Array(8 + json.byteLength + dataLength)
  new DataView(file.buffer).setBigUint64(0, headerLength ?? BigInt(json.byteLength), true)
  file.set(json, 8)
  return file
}

export const entry = (shape: unknown, begin: unknown, end: unknown, dtype: unknown = 'F32') => ({
  dtype,
  shape,
  data_offsets: [begin, end],
})
