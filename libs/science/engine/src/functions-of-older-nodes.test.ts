import fc from 'fast-check'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import util from 'node:util'
import { expect, it } from 'vitest'
import { provideFunctionsOfOlderNodes } from './functions-of-older-nodes.ts'

const backend = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-node-gpu'))

it('gives back what newer Nodes have not, with the meaning it had', () => {
  Reflect.deleteProperty(util, 'isNullOrUndefined')
  Reflect.deleteProperty(util, 'isArray')
  provideFunctionsOfOlderNodes()
  const { isNullOrUndefined, isArray } = util as unknown as Record<string, (value: unknown) => boolean>
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.constantFrom(null, undefined, 0, '', false, Number.NaN)), (value) => {
      expect(isNullOrUndefined!(value)).toBe(value === null || value === undefined)
      expect(isArray!(value)).toBe(Array.isArray(value))
    }),
  )
})

it("leaves nothing wanting of what tfjs' backend for Node takes from node:util", () => {
  const sources = readdirSync(backend, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /(?<!_test)\.js$/.test(file),
  )
  const taken = sources.flatMap((file) => {
    const source = readFileSync(join(backend, file), 'utf8')
    const [, name] = /var (\w+) = require\("util"\)/.exec(source) ?? []
    return name ? [...source.matchAll(new RegExp(`\\b${name}\\.(\\w+)`, 'g'))].map(([, member]) => member!) : []
  })
  expect(new Set(taken)).toEqual(new Set(['isArray', 'isNullOrUndefined', 'promisify']))
  provideFunctionsOfOlderNodes()
  for (const member of taken) expect(util, member).toHaveProperty(member)
})
