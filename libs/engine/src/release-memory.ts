import { createRequire } from 'node:module'

/** Our addition to the binding (infra/setup/release-memory.cc); none where set-up is of another age. */
const addition = loaded()

/**
 * Gives the operating system back what was freed. To be called after what needs much memory once: what is needed again and again is better kept, since pages
 * have to be cleared before they come back.
 */
export function releaseMemory(): void {
  addition?.releaseMemory()
}

function loaded(): { releaseMemory(): void } | undefined {
  try {
    return createRequire(import.meta.url)('@tensorflow/tfjs-node-gpu/lib/napi-v8/release_memory.node')
  } catch {
    return undefined
  }
}
