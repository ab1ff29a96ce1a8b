import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hostileArchives } from './testing/hostile-archives.ts'
import { codeExecutingPickles, resourceExhaustingPickles } from './testing/hostile-pickles.ts'
import { hostileSafetensors } from './testing/hostile-safetensors.ts'

const kinds = { codeExecutingPickles, resourceExhaustingPickles, hostileArchives, hostileSafetensors }
const files = Object.entries(kinds).flatMap(([kind, list]) =>
  list.map(([what, bytes, reason], i) => ({ what, bytes, reason, name: `${kind}-${i}` })),
)

/** The heap of the process in MiB. A file that fills it ends the process. */
const heap = 192
/** The most memory that reading may add, in MiB. */
const mostMemory = 320
const mostSeconds = 10

interface Report {
  readonly outcomes: Readonly<
    Record<string, { readonly error: string; readonly message: string; readonly seconds: number }>
  >
  readonly mebibytes: number
}

let folder: string
let report: Report
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gauntlet-hostile-'))
  for (const { name, bytes } of files) writeFileSync(join(folder, name), bytes)
  const reader = fileURLToPath(new URL('./testing/read-hostile.fixture.ts', import.meta.url))
  const flags = [`--max-old-space-size=${heap}`, '--import', import.meta.resolve('tsx'), reader, folder]
  report = JSON.parse(execFileSync(process.execPath, flags, { encoding: 'utf8', maxBuffer: 2 ** 26 })) as Report
}, 120_000)
afterAll(() => rmSync(folder, { recursive: true }))

describe('of hostile and broken files', () => {
  it('there are more than a hundred, no two of them equal', () => {
    expect(files.length).toBeGreaterThan(100)
    expect(new Set(files.map(({ bytes }) => Buffer.from(bytes).toString('latin1'))).size).toBe(files.length)
  })

  it.each(files)('$what ($name) is refused in one short sentence', ({ name, reason }) => {
    const { error, message, seconds } = report.outcomes[name]!
    expect([error, message]).toEqual(['CheckpointUnreadable', expect.stringMatching(reason)])
    expect(message).toMatch(/^The checkpoint cannot be read: [^\n]*\.$/)
    expect(message.length).toBeLessThan(500)
    expect(seconds).toBeLessThan(mostSeconds)
  })

  it('none makes the reader use much memory', () => {
    expect(report.mebibytes).toBeLessThan(mostMemory)
  })

  it('none has run its command', () => {
    expect(readdirSync(folder).sort()).toEqual(files.map(({ name }) => name).sort())
  })
})
