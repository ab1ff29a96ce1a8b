import { bundleProtocol, type Stage, type StageModule } from './bundle-protocol.ts'

/** The exports of the bundle of a stage that computes no tensors. */
export function stageModule<Input>(stage: Stage<Input>): StageModule {
  return { protocol: bundleProtocol, run: stage as Stage<never> }
}
