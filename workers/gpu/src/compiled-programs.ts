import type { ArtifactStore } from '@gauntlet/artifacts'
import { writeFileAtomically } from '@gauntlet/files'
import { digestOf, type Digest, type StageIdentity } from '@gauntlet/study'
import { existsSync, readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The most programs that are shared of one code in one environment. A fine-tuning has three, an evaluation five. */
const mostPrograms = 32

/** The digests of compiled programs in the store, by the name of their file. */
type SharedPrograms = Readonly<Record<string, Digest>>

/**
 * Does a stage with the programs that other machines of its environment have compiled for its code, and lets them have
 * those that it compiles, also where it fails. They are files in `folder`, under the keys that the engine gives them.
 * Machines that write at the same time may each forget the other's, which costs compiling them once more.
 */
export async function sharingPrograms<Result>(
  { store, identity, folder }: { store: ArtifactStore; identity: StageIdentity; folder: string },
  work: () => Promise<Result>,
): Promise<Result> {
  const pointer = `programs-${digestOf({ code: identity.codeDigest, environment: identity.environmentClass })}`
  const shared = ((await store.readPointer(pointer)) ?? {}) as SharedPrograms
  const names = Object.keys(shared).filter((name) => /^[0-9a-f]{64}$/.test(name))
  await Promise.all(names.map((name) => fetched(store, shared[name]!, join(folder, name))))
  const before = new Set(filesIn(folder))
  try {
    return await work()
  } finally {
    const compiled = filesIn(folder).filter((name) => !before.has(name))
    if (compiled.length > 0) await store.writePointer(pointer, await withCompiled(store, folder, shared, compiled))
  }
}

/** Puts a shared program into the folder, unless it is there; one that is not in the store any more is left out. */
async function fetched(store: ArtifactStore, digest: Digest, file: string): Promise<void> {
  if (existsSync(file) || (await store.verify(digest)) !== 'intact') return
  await writeFileAtomically(file, await store.read(digest))
}

async function withCompiled(
  store: ArtifactStore,
  folder: string,
  shared: SharedPrograms,
  names: readonly string[],
): Promise<Record<string, Digest>> {
  const added: [string, Digest][] = []
  for (const name of names) {
    const { digest } = await store.put(await readFile(join(folder, name)), 'application/octet-stream')
    added.push([name, digest])
  }
  return Object.fromEntries([...Object.entries(shared), ...added].slice(-mostPrograms))
}

/** Names that begin with a dot are of files that are being written. */
function filesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => !name.startsWith('.')) : []
}
