import type { ArtifactStore } from '@gauntlet/artifacts'
import type { StageCode } from '@gauntlet/contract'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Digest } from '@gauntlet/study'
import { resolve } from 'node:path'
import { BundleCache, type BundleFile } from './bundle-cache.ts'
import type { BundleName } from './bundle-entry.ts'
import { otherPackages } from './installed-packages.ts'

const ownCheckout = resolve(import.meta.dirname, '../../../..')

/**
 * The bundles of one worker. What a name stands for is settled when it is first asked for: sources that are edited
 * while the worker runs change none of its bundles, so that a stage goes on with the code of its key.
 */
export class StageBundles {
  private readonly cache: BundleCache
  private readonly settled = new Map<BundleName, Promise<BundleFile>>()
  /** Those of other workers, by digest, once they were found. */
  private readonly others = new Map<Digest, BundleFile>()
  private readonly stored = new Set<Digest>()

  constructor(private readonly root = ownCheckout) {
    this.cache = new BundleCache(root)
  }

  bundle(name: BundleName): Promise<BundleFile> {
    const known = this.settled.get(name)
    if (known) return known
    const bundle = this.cache.bundle(name)
    this.settled.set(name, bundle)
    bundle.catch(() => this.settled.delete(name))
    return bundle
  }

  /**
   * The bundle of a code by the digest that a key names: that of this worker, or else one that the store has. Null
   * where the store has none, or it was made for other packages than are installed here.
   */
  async ofDigest(name: StageCode, digest: Digest, store: Pick<ArtifactStore, 'read'>): Promise<BundleFile | null> {
    const own = await this.bundle(name)
    const known = own.digest === digest ? own : this.others.get(digest)
    if (known && existsSync(known.path)) return known // a set-up may have removed all that are on disk
    const bytes = await store.read(digest).catch((error: Error) => {
      if (error.name === 'ArtifactMissing' || error.name === 'ArtifactCorrupt') return null
      throw error
    })
    if (!bytes) return null
    const { bundle, otherPackages: differing } = await this.recorded(bytes)
    if (differing.length > 0) return null
    this.others.set(digest, bundle)
    return bundle
  }

  /** Stores the bundles of these codes, so that workers of other versions can go on with what is keyed by them. */
  async store(codes: readonly StageCode[], store: Pick<ArtifactStore, 'put'>): Promise<void> {
    for (const code of codes) {
      const { digest, path } = await this.bundle(code)
      if (this.stored.has(digest)) continue
      await store.put(await readFile(path), 'text/javascript')
      this.stored.add(digest)
    }
  }

  /**
   * A bundle that the store has, put where a device process can import it, and the packages it was made for that are
   * installed in another version.
   */
  async recorded(bytes: Uint8Array): Promise<{ bundle: BundleFile; otherPackages: string[] }> {
    return { bundle: await this.cache.keep(bytes), otherPackages: otherPackages(bytes, this.root) }
  }

  /** The code digests of these names. */
  async digests(codes: readonly StageCode[]): Promise<Record<StageCode, Digest>> {
    const digests: Partial<Record<StageCode, Digest>> = {}
    for (const code of codes) digests[code] = (await this.bundle(code)).digest
    return digests as Record<StageCode, Digest>
  }
}
