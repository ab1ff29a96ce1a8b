import type { StageCode } from '@gauntlet/contract'
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
