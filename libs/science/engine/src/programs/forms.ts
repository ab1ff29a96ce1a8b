import process from 'node:process'
import { oneDnnOf } from '../device-variables.ts'
import { nativeBackend } from '../operator.ts'
import type { Graph } from './graph.ts'
import { rewritten } from './graph-rewriting.ts'
import { withFusedOperators } from './fused-operators.ts'
import { inBfloat16, inFloat16 } from './mixed-precision.ts'

/** A way of compiling the same programs. */
export interface Form {
  readonly name: 'plain' | 'xla' | 'bfloat16' | 'xla-bfloat16' | 'float16' | 'xla-float16'
  /** How far a tensor of the first replay may be from the eager one, by `agreementOf`. */
  readonly tolerance: number
  /**
   * The relative error that the form makes anywhere: what eager code makes of such an error in its inputs is allowed
   * too.
   */
  readonly rounding: number
  rewrite(graph: Graph): Graph
}

/** The recorded operators, some of them joined: on CPUs by us, on GPUs by TensorFlow's graph optimiser. */
export const plain: Form = {
  name: 'plain',
  tolerance: 1e-5,
  rounding: 1e-6,
  rewrite: (graph) => (fusesOperators() ? withFusedOperators(graph) : graph),
}

/** Without oneDNN TensorFlow has no kernels for some joined operators, and finds out when it runs them. */
function fusesOperators(): boolean {
  return !nativeBackend().isUsingGpuDevice && oneDnnOf(process.env) === true
}

/** Compiled by XLA into one piece of machine code. The point on GPUs; on CPUs it is slow at convolutions. */
export const xla: Form = { name: 'xla', tolerance: 1e-3, rounding: 1e-6, rewrite: compiledByXla }

/**
 * Factors of matrix products and convolutions rounded to 8 bits, sums and all else in float32; so are the master values
 * of the state.
 */
export const bfloat16: Form = { name: 'bfloat16', tolerance: 5e-2, rounding: 2 ** -8, rewrite: inBfloat16 }

export const xlaBfloat16 = inXla('xla-bfloat16', bfloat16)

/** Factors rounded to eleven bits, each tensor in a scale of its own, for GPUs without bfloat16. */
export const float16: Form = { name: 'float16', tolerance: 1e-2, rounding: 2 ** -11, rewrite: inFloat16 }

export const xlaFloat16 = inXla('xla-float16', float16)

/** The form compiled by XLA as well: XLA's own deviation is small beside that of the precision. */
function inXla(name: Form['name'], form: Form): Form {
  return { ...form, name, rewrite: (graph) => compiledByXla(form.rewrite(graph)) }
}

/** Operators at the border of a program, which XLA does not compile. */
const uncompiled = new Set(
  'Placeholder VarHandleOp ReadVariableOp AssignVariableOp AssignAddVariableOp ResourceApplyAdam Empty DeepCopy Const Argument'.split(
    ' ',
  ),
)

/**
 * Marks what XLA is to compile; it finds the clusters itself (tensorflow/compiler/jit/mark_for_compilation_pass.cc).
 * One scope a program.
 */
function compiledByXla(graph: Graph): Graph {
  return rewritten(graph, (node) => {
    if (uncompiled.has(node.operator) || node.name.startsWith('state/')) return [node]
    const scope = { text: node.name.split('/')[0]! }
    const attributes = { ...node.attributes, _XlaCompile: { truth: true }, _XlaScope: scope }
    // XLA compiles a loop from its functions, so it must stay one node.
    if (node.operator === 'StatelessWhile') Object.assign(attributes, { _lower_using_switch_merge: { truth: false } })
    return [{ ...node, attributes }]
  })
}

export const precisions = ['float32', 'bfloat16', 'float16'] as const
export type Precision = (typeof precisions)[number]

const all: readonly Form[] = [plain, xla, bfloat16, xlaBfloat16, float16, xlaFloat16]

/** No form has that name; a retry does not help. */
export class FormUnknown extends Error {
  override readonly name = 'InvalidInput'
}

export function formNamed(name: string): Form {
  const form = all.find((each) => each.name === name)
  if (!form)
    throw new FormUnknown(
      `There is no form ${JSON.stringify(name)}; choose from ${all.map((each) => each.name).join(', ')}.`,
    )
  return form
}

/** How a form computes the factors of products. */
export function precisionOf({ name }: Pick<Form, 'name'>): Precision {
  return precisions.find((precision) => name.endsWith(precision)) ?? 'float32'
}

/**
 * Forms of one precision that are worth measuring, the one to prefer first. On CPUs XLA is left out: in all that was
 * measured it took 1.1 to several times as long, and minutes to compile (test/benchmarks/LOG.md).
 */
export function formsToTry(isGpu: boolean, precision: Precision): readonly Form[] {
  return all.filter((form) => precisionOf(form) === precision && (isGpu || !form.name.startsWith('xla')))
}
