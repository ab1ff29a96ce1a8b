import { OutOfMemory } from '../out-of-memory.ts'

/** The plugin cannot be used on this machine. A retry does not help; the message says what to change. */
export class PluginUnusable extends Error {
  override readonly name = 'PluginUnusable'
}

/**
 * A run failed that had taken over the memory of the state, so that the session has no state any more. The work goes on
 * from its last mid-training state, in a new session.
 */
export class DeviceStateLost extends Error {
  override readonly name = 'DeviceStateLost'
}

/** The device or its compiler failed. */
export class DeviceFailed extends Error {
  override readonly name = 'DeviceFailed'
}

/** RESOURCE_EXHAUSTED of absl::StatusCode. */
const exhausted = 8

/** Runs a call of the addition, and throws the engine's own classes in place of its errors. */
export function translatingPjrt<Result>(doing: string, work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof Error) || !('pjrtCode' in error)) throw error
    if (error.pjrtCode === exhausted)
      throw new OutOfMemory(`The device has no memory left for ${doing}; use a smaller micro-batch.`, { cause: error })
    throw new DeviceFailed(`The device failed while ${doing}: ${firstLine(error.message)}`, { cause: error })
  }
}

/** XLA's messages go on for pages. */
export function firstLine(message: string): string {
  return message.split('\n')[0]!.slice(0, 500)
}
