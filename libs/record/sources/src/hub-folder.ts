/**
 * Folders of the Hugging Face hub, by the part of its API that lists a repository (huggingface_hub, hf_api.py):
 * `revision/<branch>` gives the commit, `tree/<commit>/<folder>` the files, with the SHA-256 of large ones (`lfs.oid`).
 */
import { isLeftBehind } from '@gauntlet/files'
import type { Digest } from '@gauntlet/study'
import { SourceNotFound, UnusableSource } from './download-errors.mjs'
import { readText } from './http-stream.mjs'
import type { Source } from './parse-source.ts'
import { retrying } from './retry.mjs'
import { hubAddresses } from './source-address.ts'

/** A source that is a folder of the hub. */
export type HubFolder = Extract<Source, { kind: 'hf-folder' }>

interface AskOptions {
  readonly signal?: AbortSignal | undefined
  readonly pause?: number | undefined
}

/** Entries of one page of the listing. A dataset in more parts than that is split over folders. */
const mostEntries = 1_000

/** The commit that a revision stands for. */
export async function commitOfHub(folder: HubFolder, options: AskOptions): Promise<string> {
  const answer = (await ask(`${apiOf(folder)}/revision/${encodeURIComponent(folder.revision)}`, options)) as {
    sha?: unknown
  } | null
  if (typeof answer?.sha === 'string' && /^[0-9a-f]{40}$/.test(answer.sha)) return answer.sha
  throw new UnusableSource(`The hub names no commit for ${folder.repository}@${folder.revision}; correct the revision.`)
}

/**
 * The files of a folder and of the folders in it, by their names relative to it: Parquet files alone where there are
 * any, since they are the data and what lies beside them describes it. `sha256` is null where the hub does not know it.
 */
export async function listHubFolder(
  folder: HubFolder,
  options: AskOptions,
): Promise<readonly { readonly name: string; readonly sha256: Digest | null }[]> {
  const path = folder.path.split('/').map(encodeURIComponent).join('/')
  const answer = await ask(`${apiOf(folder)}/tree/${folder.revision}/${path}?recursive=true`, options)
  const entries = Array.isArray(answer) ? (answer as readonly HubEntry[]) : []
  if (entries.length >= mostEntries)
    throw new UnusableSource(
      `${folder.repository}/${folder.path} has ${mostEntries} entries or more; name a folder inside it.`,
    )
  const prefix = folder.path === '' ? '' : `${folder.path}/`
  const files = entries
    .filter(({ type, path: name }) => type === 'file' && name.startsWith(prefix) && !isUnsafe(name))
    .map(({ path: name, lfs }) => ({ name: name.slice(prefix.length), sha256: digestIn(lfs?.oid) }))
    .filter(({ name }) => !isLeftBehind(name))
  const tables = files.filter(({ name }) => name.endsWith('.parquet'))
  if (files.length > 0) return tables.length > 0 ? tables : files
  throw new SourceNotFound(`${folder.repository} has no file in ${folder.path || 'it'}; correct the source.`)
}

interface HubEntry {
  readonly type: string
  readonly path: string
  readonly lfs?: { readonly oid?: unknown }
}

function digestIn(oid: unknown): Digest | null {
  return typeof oid === 'string' && /^[0-9a-f]{64}$/.test(oid) ? oid : null
}

/** Whether a name that the hub gives may lead out of the folder it is written to. */
function isUnsafe(name: string): boolean {
  return /[\\\0]|^[A-Za-z]:/.test(name) || name.split('/').some((part) => ['', '.', '..'].includes(part))
}

function apiOf({ repository }: HubFolder): string {
  return `api/${repository.startsWith('datasets/') ? repository : `models/${repository}`}`
}

async function ask(path: string, options: AskOptions): Promise<unknown> {
  let last: unknown
  for (const { url, headers } of hubAddresses(path)) {
    try {
      const { text } = await retrying(() => readText({ url, headers, signal: options.signal }), options)
      return JSON.parse(text) as unknown
    } catch (error) {
      if (options.signal?.aborted) throw error
      last = error
    }
  }
  throw last
}
