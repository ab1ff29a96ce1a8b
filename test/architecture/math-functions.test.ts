import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { mathFunctions } from '@gauntlet/engine/math-functions'
import { workspace, workspaceFiles } from '@gauntlet/infra/fixtures/workspace-copy'

/*
 * ECMAScript leaves the last bits of most functions of Math to each engine, and V8 changes them now and then. What a
 * result may depend on is part of the environment class; nothing else may be used where results are made.
 */

/** All of `Math` that IEEE 754 or ECMAScript fixes to the bit. */
const exact = new Set(
  'E LN10 LN2 LOG10E LOG2E PI SQRT1_2 SQRT2 abs ceil clz32 floor fround imul max min round sign sqrt trunc'.split(' '),
)

describe('code that results depend on', () => {
  const files = workspaceFiles().filter((file) => /^libs\/science\/\w+\/src\/.*\.ts$/.test(file))
  const sources = files.filter((file) => !/\.(test|case|fixture)\.ts$|\/testing\//.test(file))

  it('uses no function of Math but those that are exact and those of the environment class', () => {
    const allowed = new Set([...exact, ...Object.keys(mathFunctions)])
    const used = sources.flatMap((file) => membersOfMath(codeOf(file)).map((name) => ({ file, name })))
    expect(used.length).toBeGreaterThan(100)
    const named = { file: 'libs/science/engine/src/recording/recording-hooks.ts', name: 'random' } // in its refusal
    expect(used.filter(({ name }) => !allowed.has(name))).toEqual([named])
  })

  it('uses no power but squares and those of two', () => {
    const used = sources.flatMap((file) => powersIn(codeOf(file)).map((power) => ({ file, power })))
    expect(used.length).toBeGreaterThan(10)
    expect(used.filter(({ power }) => !isExactPower(power))).toEqual([])
  })

  function codeOf(file: string): string {
    return withoutComments(readFileSync(join(workspace, file), 'utf8'))
  }
})

describe('powers', () => {
  it.each(['x ** 2', '(a - b) ** 2)', '2 ** n', '(2 ** -149', '2 ** Math.floor(x)'])('%s is exact', (code) => {
    expect(powersIn(code).map(isExactPower)).toEqual([true])
  })

  it.each(['x ** y', 'x ** 2.5', '12 ** n', '0.2 ** n', 'x ** 20', 'gamma**x'])('%s is not', (code) => {
    expect(powersIn(code).map(isExactPower)).toEqual([false])
  })
})

function membersOfMath(code: string): string[] {
  return [...code.matchAll(/\bMath\.(\w+)/g)].map(([, name]) => name!)
}

/** Every power with the number or name before it and the one after. */
function powersIn(code: string): string[] {
  return [...code.matchAll(/[\w.)\]]+!?\s*\*\*\s*[-\w.(]+/g)].map(([power]) => power)
}

function isExactPower(power: string): boolean {
  return /(^|[^\w.])2\s*\*\*|\*\*\s*2$/.test(power)
}

function withoutComments(code: string): string {
  return code.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/\/\/.*$/gm, '')
}
