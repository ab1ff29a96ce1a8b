import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { adviceFor, proveEngine, requireEngine } from './prove-engine.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A checkout whose engine is another script. */
let checkout: string
beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), 'gauntlet-proof-'))
  symlinkSync(join(root, 'node_modules'), join(checkout, 'node_modules'))
  mkdirSync(join(checkout, 'libs/science/engine/src'), { recursive: true })
})
afterEach(() => rmSync(checkout, { recursive: true }))

function engineThat(script: string): void {
  writeFileSync(join(checkout, 'libs/science/engine/src/prove-main.ts'), script)
}

describe('the proof of the engine', () => {
  it('is given by an engine that computes', async () => {
    expect(await proveEngine(root)).toEqual({ libtensorflow: '2.21.0' })
    await expect(requireEngine(root)).resolves.toBeUndefined()
  })

  it.each([
    ['throw new TypeError("util_1.isNullOrUndefined is not a function")', 'util_1.isNullOrUndefined is not a function'],
    ['class EngineUnsound extends Error { name = "EngineUnsound" }; throw new EngineUnsound("two")', 'two'],
    ['require("long-gone")', /^Cannot find module 'long-gone'/],
    ['process.kill(process.pid, "SIGILL")', 'it ended without a word'],
    ['console.log("nothing")', 'it ended without a word'],
  ])('is not given by one that does %s', async (script, reason) => {
    engineThat(script)
    expect(await proveEngine(checkout)).toEqual({
      reason: typeof reason === 'string' ? reason : expect.stringMatching(reason),
    })
  })

  it('repeats what an unusable plugin says is to be done', async () => {
    engineThat(
      'class PluginUnusable extends Error { name = "PluginUnusable" }; throw new PluginUnusable("Install it.")',
    )
    expect(adviceFor((await proveEngine(checkout)) as { reason: string }, '/cache')).toBe('Install it.')
  })

  it('ends set-up with a sentence that says what to do where it fails', async () => {
    engineThat('throw new Error("no kernel image")')
    await expect(requireEngine(checkout)).rejects.toThrow(
      /^engine: It does not compute \(no kernel image\); delete \/\S+ and node_modules, then run `npm run set-up`\.$/,
    )
  })

  it('blames a Node.js that is newer than any that was tried', () => {
    expect(adviceFor({ reason: 'x is not a function' }, '/cache', '27.1.0')).toBe(
      'It does not compute (x is not a function); Node.js 27.1.0 is newer than any it was tried with, so use Node.js 20.19 to 26.',
    )
  })
})
