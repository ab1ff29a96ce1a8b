/**
 * The protocol of the Hugging Face hub, as its own client has it (github.com/huggingface/huggingface_hub,
 * file_download.py). `resolve` redirects to the bytes of a file. The answer gives the commit that a branch stands for
 * (`X-Repo-Commit`) and, for a large file, its SHA-256 (`X-Linked-Etag`).
 */
import type { Digest } from '@gauntlet/study'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { hubHome } from './hub-client.ts'
import { readHeaders } from './http-stream.mjs'
import type { Source } from './parse-source.ts'
import { retrying } from './retry.mjs'
import type { Address } from './source-address.ts'

/** A source that is a file of the hub. */
export type HubSource = Extract<Source, { kind: 'hf' }>

/** What the hub says about a file without sending it; null where it does not say. */
export interface HubFile {
  readonly commit: string | null
  readonly sha256: Digest | null
}

const mostRedirects = 5

/** Whether the environment forbids asking the hub. */
export function isOffline(environment: NodeJS.ProcessEnv = process.env): boolean {
  return /^(?:1|on|yes|true)$/i.test(environment['HF_HUB_OFFLINE'] ?? '')
}

/** Asks for a file's commit and digest without fetching it. */
export async function askHub(
  { url, headers }: Address,
  options: { signal?: AbortSignal | undefined; pause?: number | undefined },
): Promise<HubFile> {
  for (let [at, redirects] = [url, 0]; ; redirects++) {
    const answer = await retrying(() => readHeaders({ url: at, headers, signal: options.signal }), options)
    const location = answer.headers.get('location')
    const next = location === null ? null : new URL(location, at)
    // A redirect within the hub is that of a renamed repository. One to another host, or one that names a commit, leads
    // to the file itself.
    const isElsewhere = next === null || next.origin !== new URL(at).origin || answer.headers.has('x-repo-commit')
    if (isElsewhere || redirects === mostRedirects) return describeFile(answer.headers)
    at = next.href
  }
}

/** The path of the file with this digest in the cache of the hub's own client, if it is there. Not checked. */
export function blobOfHubClient({ repository }: HubSource, sha256: Digest): string | null {
  const path = join(folderOfHubClient(repository), 'blobs', sha256)
  return existsSync(path) ? path : null
}

/** The path of a file in the cache of the hub's own client, and its commit, if it is there. Not checked. */
export function snapshotOfHubClient({
  repository,
  file,
  revision,
}: HubSource): { path: string; commit: string } | null {
  const folder = folderOfHubClient(repository)
  const reference = join(folder, 'refs', revision)
  const commit = !isCommit(revision) && existsSync(reference) ? readFileSync(reference, 'utf8').trim() : revision
  const path = join(folder, 'snapshots', commit, file)
  return isCommit(commit) && existsSync(path) ? { path, commit } : null
}

function folderOfHubClient(repository: string, environment = process.env): string {
  const parts = repository.startsWith('datasets/') ? repository.split('/') : ['models', ...repository.split('/')]
  return join(environment['HF_HUB_CACHE'] || join(hubHome(environment), 'hub'), parts.join('--'))
}

function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision)
}

/**
 * Commit and digest in the headers of an answer. Only the tag of a linked file is a SHA-256: that of a small file is
 * the SHA-1 of Git, and the `etag` of another server may look like a SHA-256 and be something else.
 */
function describeFile(headers: Headers): HubFile {
  const tag = (headers.get('x-linked-etag') ?? '').replaceAll('"', '')
  const commit = headers.get('x-repo-commit') ?? ''
  return {
    commit: isCommit(commit) ? commit : null,
    sha256: /^[0-9a-f]{64}$/.test(tag) ? tag : null,
  }
}
