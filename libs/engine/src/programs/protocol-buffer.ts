/**
 * Writes the wire format of protocol buffers (protobuf.dev/programming-guides/encoding), as much of it as a graph needs. tfjs-node ships classes for
 * TensorFlow's messages, but without types and only for the fields of 2018; a graph is a handful of messages.
 */
export class ProtocolBuffer {
  private readonly parts: Uint8Array[] = []

  /** A whole number, truth value or enumeration; wire type 0. Negative numbers take ten bytes, as int32 and int64 do. */
  integer(field: number, value: number | bigint | boolean): this {
    return this.push(varint(tag(field, 0)), varint(BigInt(value)))
  }

  /** A 32-bit real number; wire type 5. */
  real(field: number, value: number): this {
    return this.push(varint(tag(field, 5)), new Uint8Array(Float32Array.of(value).buffer))
  }

  /** Bytes, wire type 2. They are not copied until `bytes()`. */
  bytes(field: number, value: Uint8Array): this {
    return this.push(varint(tag(field, 2)), varint(BigInt(value.length)), value)
  }

  text(field: number, value: string): this {
    return this.bytes(field, encoder.encode(value))
  }

  message(field: number, value: ProtocolBuffer): this {
    return this.bytes(field, value.finish())
  }

  /** Whole numbers, packed. */
  integers(field: number, values: readonly (number | bigint | boolean)[]): this {
    return this.bytes(field, joined(values.map((value) => varint(BigInt(value)))))
  }

  /** One entry of a map from text to a message. */
  entry(field: number, key: string, value: ProtocolBuffer): this {
    return this.message(field, new ProtocolBuffer().text(1, key).message(2, value))
  }

  finish(): Uint8Array {
    return joined(this.parts)
  }

  private push(...parts: Uint8Array[]): this {
    this.parts.push(...parts)
    return this
  }
}

const encoder = new TextEncoder()

function tag(field: number, wireType: number): bigint {
  return BigInt((field << 3) | wireType)
}

/** Seven bits a byte, the least significant first; a set eighth bit says that more follow. */
function varint(value: bigint): Uint8Array {
  if (value >= 0n && value < 0x80n) return Uint8Array.of(Number(value))
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, value)
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  bytes.push(Number(rest))
  return Uint8Array.from(bytes)
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
