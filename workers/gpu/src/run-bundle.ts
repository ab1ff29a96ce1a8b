import type { ArtifactStore } from '@gauntlet/artifacts'
import type { StageRequest } from '@gauntlet/contract'
import { fetchSource } from '@gauntlet/sources'
import { readFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { bundleProtocol, type StageContext, type StageModule } from './bundles/bundle-protocol.ts'
import type { DeviceProgress, DeviceResult } from './device-protocol.ts'
import { midStageCheckpoint, unreportedResult } from './stage-progress.ts'

/** What a device process gives the bundles that it runs. */
export interface BundleSurroundings {
  readonly store: ArtifactStore
  /** Where fetched sources are kept between attempts. */
  readonly cacheFolder: string
  readonly signal: AbortSignal
  report(progress: DeviceProgress): void
}

/** A bundle is damaged, or expects another device process than this one. */
export class BundleUnusable extends Error {
  override readonly name = 'BundleUnusable'
}

/**
 * Does one attempt at one stage by the code of a bundle, unless an attempt before it finished and only could not say
 * so. The bundle itself is stored too, and counts among what the stage used, so that the code of a number can be had
 * again.
 */
export async function runBundle(
  bundle: string,
  request: StageRequest<unknown>,
  surroundings: BundleSurroundings,
): Promise<DeviceResult> {
  const { store, report } = surroundings
  const unreported = unreportedResult(store, request.stageKey)
  const before = await unreported.read()
  if (before) {
    report({ done: 1, total: 1, unit: 'steps', resumedFrom: 'finished' })
    await midStageCheckpoint(store, request.stageKey).clear() // the attempt before may have been killed just before it
    return before
  }
  const code = await store.put(await readFile(bundle), 'text/javascript')
  if (code.digest !== request.identity.codeDigest)
    throw new BundleUnusable(`${bundle} is not the code of the stage’s key; delete it and start the worker again.`)
  const { run } = await loadBundle<StageModule>(bundle)
  const { sources, generated } = await run(request as StageRequest<never>, contextOf(request, surroundings))
  const result = { sources: { ...sources, code }, generated }
  await unreported.write(result)
  await midStageCheckpoint(store, request.stageKey).clear()
  return result
}

/** Loads a bundle; a process loads each once. */
export async function loadBundle<Module extends { readonly protocol: number }>(path: string): Promise<Module> {
  const { default: loaded } = (await import(pathToFileURL(path).href)) as { readonly default: Module }
  if (loaded.protocol !== bundleProtocol)
    throw new BundleUnusable(
      `The bundle speaks version ${loaded.protocol} of the protocol and this device process version ${bundleProtocol}; run it with the Gauntlet that made it.`,
    )
  return loaded
}

function contextOf(
  { stageKey }: StageRequest<unknown>,
  { store, cacheFolder, signal, report }: BundleSurroundings,
): StageContext {
  return {
    store,
    cacheFolder,
    progress: midStageCheckpoint(store, stageKey),
    signal,
    report,
    fetchSource: (source, sha256) =>
      fetchSource(source, sha256, {
        cacheFolder,
        signal,
        onProgress: ({ received, total = 0 }) => report({ done: received, total, unit: 'bytes' }),
      }),
  }
}
