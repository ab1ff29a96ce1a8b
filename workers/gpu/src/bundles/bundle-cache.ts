import { writeFileAtomically } from '@gauntlet/files'
import { digestOf, type Digest } from '@gauntlet/study'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { buildBundle, bundlerVersion, sourceMapName } from './build-bundle.ts'
import { bundleEntry, type BundleName } from './bundle-entry.ts'

/** A bundle as a file that a device process imports. */
export interface BundleFile {
  readonly digest: Digest
  readonly path: string
}

/** Bundles cannot be written to the checkout; the message says what to change. */
class CheckoutReadOnly extends Error {
  override readonly name = 'CheckoutReadOnly'
}

/** How a bundle was made, so that it need not be made again. */
interface BundleRecord {
  /** Digest of the bundler, the entry, the installed packages and the manifests of the rooms. */
  readonly made: Digest
  /** Digest of each source that the bundler read, by its path. */
  readonly inputs: Readonly<Record<string, Digest>>
  readonly digest: Digest
}

/**
 * The bundles of one checkout. A bundle of sources that have not changed is built once, by whichever process comes
 * first; the files lie inside `node_modules`, where their imports find the packages of the checkout.
 */
export class BundleCache {
  private readonly folder: string
  /** Digests of the sources, each read once. */
  private readonly digests = new Map<string, Digest | null>()
  private readonly made: Digest

  constructor(private readonly root: string) {
    this.folder = join(root, 'node_modules/.cache/gauntlet/bundles')
    const surroundings = ['node_modules/.package-lock.json', ...roomManifests(root)]
    this.made = digestOf([bundlerVersion, ...surroundings.map((path) => this.digestOfSource(path))])
  }

  /** The bundle of this name, built where the one that is there is of other sources. */
  async bundle(name: BundleName): Promise<BundleFile> {
    const known = this.known(name)
    if (known) return known
    const { bytes, sourceMap, inputs } = await buildBundle(name, this.root)
    const file = await this.keep(bytes, sourceMap)
    const record: BundleRecord = {
      made: this.madeOf(name),
      inputs: Object.fromEntries(inputs.map((input) => [input, this.digestOfSource(input)!])),
      digest: file.digest,
    }
    await writeFileAtomically(this.recordFile(name), JSON.stringify(record))
    return file
  }

  /**
   * Puts a bundle where a device process can import it. It need not be of the present sources: one that the store has
   * of an older number computes that number again.
   */
  async keep(bytes: Uint8Array, sourceMap?: Uint8Array): Promise<BundleFile> {
    const digest = createHash('sha256').update(bytes).digest('hex')
    const path = this.place(digest)
    try {
      mkdirSync(dirname(path), { recursive: true })
      if (sourceMap) await writeFileAtomically(join(dirname(path), sourceMapName), sourceMap)
      await writeFileAtomically(path, bytes)
    } catch (error) {
      if (!/^(EACCES|EPERM|EROFS)$/.test((error as NodeJS.ErrnoException).code ?? '')) throw error
      const message = `${this.folder} cannot be written, from which device processes import the code of stages; give the user of this worker write access to it.`
      throw new CheckoutReadOnly(message, { cause: error })
    }
    return { digest, path }
  }

  private known(name: BundleName): BundleFile | null {
    const record = this.readRecord(name)
    if (!record || record.made !== this.madeOf(name)) return null
    const isCurrent = Object.entries(record.inputs).every(([input, digest]) => this.digestOfSource(input) === digest)
    const path = this.place(record.digest)
    if (!isCurrent || !existsSync(path)) return null
    const digest = createHash('sha256').update(readFileSync(path)).digest('hex')
    return digest === record.digest ? { digest, path } : null
  }

  private madeOf(name: BundleName): Digest {
    return digestOf([this.made, bundleEntry(name)])
  }

  private readRecord(name: BundleName): BundleRecord | null {
    try {
      return JSON.parse(readFileSync(this.recordFile(name), 'utf8')) as BundleRecord
    } catch {
      return null // There is none, or a damaged one: the bundle is built again.
    }
  }

  private recordFile(name: BundleName): string {
    return join(this.folder, `${name.replaceAll('/', '+')}.json`)
  }

  private place(digest: Digest): string {
    return join(this.folder, digest, 'bundle.mjs')
  }

  /** Null where there is no such file any more. */
  private digestOfSource(path: string): Digest | null {
    const known = this.digests.get(path)
    if (known !== undefined) return known
    const file = join(this.root, path)
    const digest = existsSync(file) ? createHash('sha256').update(readFileSync(file)).digest('hex') : null
    this.digests.set(path, digest)
    return digest
  }
}

/** The package.json of every room of libs, which says what the bundler finds under the room's name. */
function roomManifests(root: string): string[] {
  const folders = (path: string) =>
    readdirSync(join(root, path), { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const rooms = folders('libs').flatMap((floor) =>
    folders(`libs/${floor.name}`).map((room) => `libs/${floor.name}/${room.name}`),
  )
  return rooms.map((room) => `${room}/package.json`).sort()
}
