import { engineEnvironment, environmentClass } from '@gauntlet/engine'
import { proveEngine } from '@gauntlet/engine/prove-engine'
import type { EngineDescription } from '../device-protocol.ts'
import { bundleProtocol } from './bundle-protocol.ts'

/** The exports of the bundle by which a device process looks at its engine. */
export interface EngineModule {
  readonly protocol: number
  /** Proves that the engine computes, and describes it. Throws where it does not compute. */
  describe(): EngineDescription
}

export const engineModule: EngineModule = {
  protocol: bundleProtocol,
  describe() {
    proveEngine()
    const environment = engineEnvironment()
    return {
      environment: { ...environment },
      environmentClass: environmentClass(environment),
      device: environment.device,
    }
  },
}
