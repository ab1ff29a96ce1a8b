import { openArtifactStore } from '@gauntlet/artifacts'
import { programsPointer } from '@gauntlet/contract'
import { emptyFolder } from '@gauntlet/files/fixtures/empty-folder'
import type { StageIdentity } from '@gauntlet/study'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { beforeEach, expect, it } from 'vitest'
import { sharingPrograms } from './compiled-programs.ts'

const [first, second] = ['1'.repeat(64), '2'.repeat(64)]
let machines: string[]
let store: ReturnType<typeof openArtifactStore>
beforeEach(() => {
  machines = [join(emptyFolder(), 'executables'), join(emptyFolder(), 'executables')]
  store = openArtifactStore(pathToFileURL(emptyFolder()).href)
})

const identityOf = (codeDigest: string, environmentClass = 'e'.repeat(64)) =>
  ({ codeDigest, environmentClass }) as StageIdentity

/** A stage that compiles these programs, and fails at its end if it is told to. */
function stage(
  folder: string,
  programs: readonly string[],
  { identity = identityOf('c'.repeat(64)), fails = false } = {},
) {
  return sharingPrograms({ store, identity, folder }, async () => {
    const found = readdirSync(join(folder, '..')).includes('executables') ? readdirSync(folder) : []
    mkdirSync(folder, { recursive: true })
    for (const name of programs) writeFileSync(join(folder, name), `compiled ${name}`)
    writeFileSync(join(folder, '.being-written'), 'a part')
    writeFileSync(join(folder, `${first}.being-fetched.tmp`), 'a part')
    if (fails) throw new Error('out of memory')
    return found
  })
}

it('gives a machine what another has compiled for the same code and environment', async () => {
  await stage(machines[0]!, [first])
  await stage(machines[0]!, [second])
  expect((await stage(machines[1]!, [])).sort()).toEqual([first, second])
  expect(readFileSync(join(machines[1]!, second), 'utf8')).toBe(`compiled ${second}`)
})

it('gives nothing to another code or another environment', async () => {
  await stage(machines[0]!, [first])
  expect(await stage(machines[1]!, [], { identity: identityOf('d'.repeat(64)) })).toEqual([])
  expect(await stage(machines[1]!, [], { identity: identityOf('c'.repeat(64), 'f'.repeat(64)) })).not.toContain(first)
})

it('keeps what a stage compiled that failed then', async () => {
  await expect(stage(machines[0]!, [first], { fails: true })).rejects.toThrow('out of memory')
  expect(await stage(machines[1]!, [])).toEqual([first])
})

it('says once a day that the programs are still used, so that they are not removed', async () => {
  await stage(machines[0]!, [first])
  const pointer = programsPointer(identityOf('c'.repeat(64)))
  const { programs } = (await store.readPointer(pointer)) as { programs: Record<string, string> }
  await store.writePointer(pointer, { usedOn: '2026-01-01', programs })
  await stage(machines[1]!, [])
  const today = new Date().toISOString().slice(0, 10)
  expect(await store.readPointer(pointer)).toEqual({ usedOn: today, programs })
})

it('shares no more programs of one code than a machine can fetch soon, the last ones', async () => {
  const many = Array.from({ length: 50 }, (_, i) => i.toString(16).padStart(64, '0'))
  await stage(machines[0]!, many)
  await stage(machines[0]!, [first, second])
  const found = await stage(machines[1]!, [])
  expect(found).toHaveLength(32)
  expect(found).toEqual(expect.arrayContaining([first, second]))
})

it('writes nothing under a name that is none of a program, whatever the store says', async () => {
  const { digest } = await store.put(Buffer.from('compiled'), 'application/octet-stream')
  const programs = { '../outside': digest, [first]: digest }
  await store.writePointer(programsPointer(identityOf('c'.repeat(64))), { usedOn: '2026-01-01', programs })
  expect(await stage(machines[1]!, [])).toEqual([first])
  expect(readdirSync(join(machines[1]!, '..'))).toEqual(['executables'])
})

it('goes on without a program that is not intact in the store', async () => {
  await stage(machines[0]!, [first])
  for await (const { digest } of store.list()) await store.remove(digest)
  expect(await stage(machines[1]!, [])).toEqual([])
})

it('decides nothing about a stage where the store takes no programs', async () => {
  const full = {
    ...store,
    readPointer: async () => null,
    put: async () => Promise.reject(new Error('The disk is full.')),
  }
  const folder = machines[0]!
  const compile = async () => {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, first!), 'compiled')
    return 'done'
  }
  const surroundings = { store: full as unknown as typeof store, identity: identityOf('c'.repeat(64)), folder }
  expect(await sharingPrograms(surroundings, compile)).toBe('done')
})
