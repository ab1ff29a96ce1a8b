export { adamStep, type AdamTensors } from './adam-step.ts'
export {
  bfloat16,
  float16,
  FormUnknown,
  formNamed,
  formOf,
  plain,
  precisions,
  precisionOf,
  xla,
  xlaBfloat16,
  xlaFloat16,
  type Form,
  type Precision,
} from './forms.ts'
export { formVariable, processForm } from './process-form.ts'
export { loop, repeatWhile, type LoopBody } from './loop.ts'
export type { NamedTensors, PartOf, Program, ProgramFunction, ProgramResult } from './program.ts'
export { ProgramBuilder } from './program-builder.ts'
export type { ProgramSession } from './program-session.ts'
export { CaptureRefused, ReplayDiffers } from './refusals.ts'
export { inOrderOf, leavesOf, mapTensors, tidyTree, treeOf, type TensorTree } from './tensor-tree.ts'
export { drawUniform, keyTensor } from './counter-random.ts'
