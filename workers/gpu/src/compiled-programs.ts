import { ArtifactCorrupt, ArtifactMissing, type ArtifactStore } from '@gauntlet/artifacts'
import { programsPointer } from '@gauntlet/contract'
import { writeFileAtomically } from '@gauntlet/files'
import type { Digest, Json, StageIdentity } from '@gauntlet/study'
import { existsSync, readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The most programs that are shared of one code in one environment. A fine-tuning has three, an evaluation five. */
const mostPrograms = 32

const programName = /^[0-9a-f]{64}$/

/** What a pointer to compiled programs says. */
interface SharedPrograms {
  /** The day on which a stage used them last, such as `2026-11-30`. `gauntlet gc` removes what is not used any more. */
  readonly usedOn: string
  /** The digests of the programs in the store, by the name of their file. */
  readonly programs: Readonly<Record<string, Digest>>
}

/**
 * Does a stage with the programs that other machines of its environment have compiled for its code, and lets them have
 * those that it compiles, also where it fails. They are files in `folder`, under the keys that the engine gives them.
 * Machines that write at the same time may each forget the other's, which costs compiling them once more. A store that
 * takes no programs decides nothing about the stage.
 */
export async function sharingPrograms<Result>(
  { store, identity, folder }: { store: ArtifactStore; identity: StageIdentity; folder: string },
  work: () => Promise<Result>,
): Promise<Result> {
  const pointer = programsPointer(identity)
  const found = (await store.readPointer(pointer)) as Partial<SharedPrograms> | null
  const shared = { usedOn: '', programs: {}, ...found }
  const names = Object.keys(shared.programs).filter((name) => programName.test(name))
  await Promise.all(names.map((name) => fetched(store, shared.programs[name]!, join(folder, name))))
  const before = new Set(filesIn(folder))
  try {
    return await work()
  } finally {
    const compiled = filesIn(folder).filter((name) => !before.has(name))
    const usedOn = new Date().toISOString().slice(0, 10)
    if (compiled.length > 0 || (names.length > 0 && usedOn !== shared.usedOn))
      await withCompiled(store, folder, shared.programs, compiled)
        .then((programs) => store.writePointer(pointer, { usedOn, programs } satisfies SharedPrograms as Json))
        .catch((error: Error) => console.warn(`The compiled programs are not shared: ${error.message}`))
  }
}

/**
 * Puts a shared program into the folder, unless it is there. One that is not in the store any more, or is removed from
 * it in this moment, is left out.
 */
async function fetched(store: ArtifactStore, digest: Digest, file: string): Promise<void> {
  if (existsSync(file)) return
  try {
    await writeFileAtomically(file, await store.read(digest))
  } catch (error) {
    if (!(error instanceof ArtifactMissing || error instanceof ArtifactCorrupt)) throw error
  }
}

async function withCompiled(
  store: ArtifactStore,
  folder: string,
  shared: SharedPrograms['programs'],
  names: readonly string[],
): Promise<Record<string, Digest>> {
  const added: [string, Digest][] = []
  for (const name of names) {
    const { digest } = await store.put(await readFile(join(folder, name)), 'application/octet-stream')
    added.push([name, digest])
  }
  return Object.fromEntries([...Object.entries(shared), ...added].slice(-mostPrograms))
}

/** The programs of a folder; other names are of files that are being written. */
function filesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => programName.test(name)) : []
}
