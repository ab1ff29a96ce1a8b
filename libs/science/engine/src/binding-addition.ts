import { createRequire } from 'node:module'
import { workerData } from 'node:worker_threads'

/** Set-up did not compile a part of the engine; the message says what to run. */
class EngineIncomplete extends Error {
  override readonly name = 'EngineIncomplete'
}

type AdditionName = 'tensor_memory' | 'image_pixels' | 'graph_types' | 'graph_lowering' | 'pjrt' | 'signals'

/** Loads one of our additions to tfjs's binding, which set-up compiles from `infra/binding`. */
export function bindingAddition<Addition>(name: AdditionName): Addition {
  // A thread that begins with a text has no place of its own (workers/gpu/src/bundles/build-bundle.ts).
  const place = (import.meta.url as string | undefined) ?? (workerData as { readonly base: string }).base
  try {
    return createRequire(place)(`@tensorflow/tfjs-node-gpu/lib/napi-v8/${name}.node`) as Addition
  } catch (cause) {
    throw new EngineIncomplete('The engine was not set up for this checkout; run `npm run set-up`.', { cause })
  }
}
