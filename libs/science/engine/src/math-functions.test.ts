import { expect, it } from 'vitest'
import { mathFunctions, mathFunctionsDigest } from './math-functions.ts'

it.each(Object.keys(mathFunctions) as (keyof typeof mathFunctions)[])(
  'the digest tells where one in a hundred results of %s has another last bit, and only there',
  (name) => {
    const { range, of } = mathFunctions[name]
    const [low, high] = range
    const steps = 1e5 / (high - low)
    const bits = new DataView(new ArrayBuffer(8))
    const changed = (x: number) => {
      bits.setFloat64(0, of(x))
      if (Math.floor((x - low) * steps) % 100 === 0) bits.setUint8(7, bits.getUint8(7) ^ 1)
      return bits.getFloat64(0)
    }
    const digestWith = (tried: (x: number) => number) =>
      mathFunctionsDigest({ ...mathFunctions, [name]: { range, of: tried } })
    expect(digestWith((x) => of(x))).toBe(mathFunctionsDigest())
    expect(digestWith(changed)).not.toBe(mathFunctionsDigest())
  },
)
