import { attachEngine } from '@gauntlet/engine'
import { bundleProtocol, type Stage, type StageModule } from './bundle-protocol.ts'

/**
 * The exports of the bundle of a stage that computes tensors. Each such bundle brings an engine of its own, and tfjs is
 * one in the process: before an attempt it is this bundle's engine that stands behind it.
 */
export function tensorStageModule<Input>(stage: Stage<Input>): StageModule {
  return {
    protocol: bundleProtocol,
    run(request, context) {
      attachEngine()
      return (stage as Stage<never>)(request, context)
    },
  }
}
