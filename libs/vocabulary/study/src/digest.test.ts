import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson, digestOf, digestOfBytes, NotHashable } from './digest.ts'

/** The double with these bits, as RFC 8785 appendix B writes its samples. */
function doubleOf(bits: string): number {
  const view = new DataView(new ArrayBuffer(8))
  view.setBigUint64(0, BigInt(`0x${bits}`))
  return view.getFloat64(0)
}

/** The same value with the keys of every object in reverse order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, item]) => [key, reversed(item)])
      .reverse(),
  )
}

describe('canonical JSON', () => {
  it('writes the sample of RFC 8785 §3.2.2 as §3.2.3 prints it', () => {
    const sample = JSON.parse(
      String.raw`{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],` +
        String.raw`"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}`,
    )
    const printed =
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],` +
      String.raw`"string":"€$\u000f\nA'B\"\\\\\"/"}`
    expect(canonicalJson(sample)).toBe(printed)
  })

  it('sorts keys by UTF-16 code units, as the sample of RFC 8785 §3.2.3', () => {
    const sample = { '\u20ac': 5, '\r': 1, '\ufb33': 7, '1': 2, '\ud83d\ude00': 6, '\u0080': 3, '\u00f6': 4 }
    const values = canonicalJson(sample).match(/:(\d)/g)
    expect(values).toEqual([':1', ':2', ':3', ':4', ':5', ':6', ':7'])
  })

  it.each([
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['c340000000000000', '-9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['44b52d02c7e14af7', '1.0000000000000001e+23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555553', '333333333.3333332'],
    ['41b3de4355555557', '333333333.33333343'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ])('writes the double %s of RFC 8785 appendix B as %s', (bits, printed) => {
    expect(canonicalJson(doubleOf(bits))).toBe(printed)
  })

  it('writes what the reference implementation of RFC 8785 writes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        expect(canonicalJson(value)).toBe(canonicalize(value))
      }),
      { numRuns: 1_000 },
    )
  })

  it('says the same of a value as ordinary JSON does', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  it.each([
    ['undefined', undefined],
    ['a missing value inside', { a: { b: [1, undefined] } }],
    ['a hole in a list', [1, , 2]], // eslint-disable-line no-sparse-arrays
    ['NaN', { a: Number.NaN }],
    ['an infinity', [Number.POSITIVE_INFINITY]],
    ['a function', { a: () => 1 }],
    ['a symbol', Symbol('a')],
    ['a big integer', 1n],
    ['a date', new Date(0)],
    ['a map', new Map()],
    ['half a surrogate pair', { a: '\ud800' }],
    ['half a surrogate pair in a key', { '\udc00': 1 }],
  ])('refuses %s, since two inputs could share its key', (_, value) => {
    expect(() => canonicalJson(value)).toThrow(NotHashable)
  })

  it('names the place of what it refuses', () => {
    expect(() => canonicalJson({ a: [0, { b: undefined }] })).toThrow('$.a[1].b is a missing value')
  })
})

describe('a digest', () => {
  it('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(digestOf(reversed(value))).toBe(digestOf(value))
      }),
    )
  })

  it('does not depend on the order of keys, however many there are', () => {
    const keyed = fc.uniqueArray(fc.string({ maxLength: 5 }), { minLength: 30, maxLength: 90 })
    fc.assert(
      fc.property(keyed, (keys) => {
        const value = Object.fromEntries(keys.map((key, i) => [key, i]))
        expect(canonicalJson(reversed(value))).toBe(canonicalize(value))
      }),
    )
  })

  it('differs when the canonical form does', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        expect(digestOf(a) === digestOf(b)).toBe(canonicalJson(a) === canonicalJson(b))
      }),
    )
  })

  it('of bytes is their SHA-256 (FIPS 180-4: "abc")', () => {
    expect(digestOfBytes(new TextEncoder().encode('abc'))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    )
  })

  it('is the same by Node and by JavaScript', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(digestOfBytes(bytes)).toBe(bytesToHex(sha256(bytes)))
      }),
    )
  })

  it('of a value is the SHA-256 of the UTF-8 of its canonical form', () => {
    const value = { euro: '€' }
    expect(digestOf(value)).toBe(digestOfBytes(new TextEncoder().encode(canonicalJson(value))))
  })
})
