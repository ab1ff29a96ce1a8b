import { createRequire } from 'node:module'

/** Set-up did not compile a part of the engine; the message says what to run. */
class EngineIncomplete extends Error {
  override readonly name = 'EngineIncomplete'
}

const load = createRequire(import.meta.url)

/** Loads one of our additions to tfjs's binding, which set-up compiles from `infra/binding`. */
export function bindingAddition<Addition>(name: 'tensor_memory' | 'graph_types' | 'graph_lowering' | 'pjrt'): Addition {
  try {
    return load(`@tensorflow/tfjs-node-gpu/lib/napi-v8/${name}.node`) as Addition
  } catch (cause) {
    throw new EngineIncomplete('The engine was not set up for this checkout; run `npm run set-up`.', { cause })
  }
}
