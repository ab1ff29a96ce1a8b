/**
 * Writes the wire format of protocol buffers (protobuf.dev/programming-guides/encoding), as much of it as a graph
 * needs. tfjs-node has classes for TensorFlow's messages, but without types and with the fields of 2018 only.
 */
export class ProtocolBuffer {
  private content = Buffer.allocUnsafe(64)
  private length = 0

  /** An integer, boolean or enumeration; wire type 0. Negative numbers take ten bytes, as for int32 and int64. */
  integer(field: number, value: number | bigint | boolean): this {
    return this.tag(field, 0).varint(value)
  }

  /** A float; wire type 5. */
  real(field: number, value: number): this {
    this.tag(field, 5).reserve(4)
    this.length = this.content.writeFloatLE(value, this.length)
    return this
  }

  /** Bytes, wire type 2. */
  bytes(field: number, value: Uint8Array): this {
    this.tag(field, 2).varint(value.length).reserve(value.length)
    this.content.set(value, this.length)
    this.length += value.length
    return this
  }

  text(field: number, value: string): this {
    const length = Buffer.byteLength(value)
    this.tag(field, 2).varint(length).reserve(length)
    this.length += this.content.write(value, this.length)
    return this
  }

  message(field: number, value: ProtocolBuffer): this {
    return this.bytes(field, value.finish())
  }

  /** Packed integers. */
  integers(field: number, values: readonly (number | bigint | boolean)[]): this {
    const packed = new ProtocolBuffer()
    for (const value of values) packed.varint(value)
    return this.message(field, packed)
  }

  /** One entry of a map from text to a message. */
  entry(field: number, key: string, value: ProtocolBuffer): this {
    return this.message(field, new ProtocolBuffer().text(1, key).message(2, value))
  }

  /** What was written. It is valid until more is written. */
  finish(): Uint8Array {
    return this.content.subarray(0, this.length)
  }

  private tag(field: number, wireType: number): this {
    return this.varint((field << 3) | wireType)
  }

  /** Seven bits per byte, the least significant first. A set eighth bit says that more bytes follow. */
  private varint(value: number | bigint | boolean): this {
    this.reserve(10)
    let rest = Number(value)
    if (rest < 0 || rest > 0x7fffffff) return this.wideVarint(BigInt(value))
    for (; rest >= 0x80; rest >>= 7) this.content[this.length++] = (rest & 0x7f) | 0x80
    this.content[this.length++] = rest
    return this
  }

  private wideVarint(value: bigint): this {
    let rest = BigInt.asUintN(64, value)
    for (; rest >= 0x80n; rest >>= 7n) this.content[this.length++] = Number(rest & 0x7fn) | 0x80
    this.content[this.length++] = Number(rest)
    return this
  }

  private reserve(bytes: number): void {
    if (this.length + bytes <= this.content.length) return
    const larger = Buffer.allocUnsafe(Math.max(2 * this.content.length, this.length + bytes))
    larger.set(this.finish())
    this.content = larger
  }
}
