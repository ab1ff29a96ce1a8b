import type { Graph } from './graph.ts'
import { rewritten } from './graph-rewriting.ts'
import { inBfloat16, inFloat16 } from './mixed-precision.ts'

/** A form: one of several ways of compiling the same programs. */
export interface Form {
  readonly name: 'plain' | 'xla' | 'bfloat16' | 'xla-bfloat16' | 'float16' | 'xla-float16'
  /** How far a tensor of the first replay may be from the eager one, as `agreementOf` measures it. */
  readonly tolerance: number
  /**
   * The relative error that the form makes in any number. The deviation that such an error in the inputs causes is
   * allowed too.
   */
  readonly rounding: number
  rewrite(graph: Graph): Graph
}

/** The recorded operators. A session may fuse some of them. */
export const plain: Form = { name: 'plain', tolerance: 1e-5, rounding: 1e-6, rewrite: (graph) => graph }

/** Compiled by XLA to machine code. This is worth it on GPUs; on CPUs XLA is slow at convolutions. */
export const xla: Form = { name: 'xla', tolerance: 1e-3, rounding: 1e-6, rewrite: compiledByXla }

/**
 * Factors and results of matrix products and convolutions are rounded to bfloat16, which has 8 bits. All else is
 * float32, the master values of the state included.
 */
export const bfloat16: Form = { name: 'bfloat16', tolerance: 5e-2, rounding: 2 ** -8, rewrite: inBfloat16 }

export const xlaBfloat16 = inXla('xla-bfloat16', bfloat16)

/**
 * Factors of products are rounded to float16, which has eleven bits, each tensor with a scale of its own. For GPUs
 * without bfloat16.
 */
export const float16: Form = { name: 'float16', tolerance: 1e-2, rounding: 2 ** -11, rewrite: inFloat16 }

export const xlaFloat16 = inXla('xla-float16', float16)

/** The form, compiled by XLA as well. XLA's own deviation is small compared with that of the precision. */
function inXla(name: Form['name'], form: Form): Form {
  return { ...form, name, rewrite: (graph) => compiledByXla(form.rewrite(graph)) }
}

/** Operators by which a program exchanges data with its surroundings. XLA does not compile them. */
const uncompiled = new Set(
  'Placeholder VarHandleOp ReadVariableOp AssignVariableOp AssignAddVariableOp ResourceApplyAdam Empty DeepCopy Const Argument'.split(
    ' ',
  ),
)

/**
 * Marks the nodes that XLA is to compile, with one scope for each program. XLA finds the clusters itself
 * (tensorflow/compiler/jit/mark_for_compilation_pass.cc).
 */
function compiledByXla(graph: Graph): Graph {
  return rewritten(graph, (node) => {
    if (uncompiled.has(node.operator) || node.name.startsWith('state/')) return [node]
    const scope = { text: node.name.split('/')[0]! }
    const attributes = { ...node.attributes, _XlaCompile: { truth: true }, _XlaScope: scope }
    // XLA compiles a loop from its functions, so the loop must stay one node.
    if (node.operator === 'StatelessWhile') Object.assign(attributes, { _lower_using_switch_merge: { truth: false } })
    return [{ ...node, attributes }]
  })
}

export const precisions = ['float32', 'bfloat16', 'float16'] as const
export type Precision = (typeof precisions)[number]

const all: readonly Form[] = [plain, xla, bfloat16, xlaBfloat16, float16, xlaFloat16]

/** No form has that name. A retry does not help. */
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

/** The precision in which a form computes the factors of products. */
export function precisionOf({ name }: Pick<Form, 'name'>): Precision {
  return precisions.find((precision) => name.endsWith(precision)) ?? 'float32'
}

/**
 * The forms of one precision that are worth measuring, the preferred one first. XLA is left out on CPUs: in every
 * measurement it took 1.1 to several times as long, and minutes to compile (test/benchmarks/LOG.md).
 */
export function formsToTry(isGpu: boolean, precision: Precision): readonly Form[] {
  return all.filter((form) => precisionOf(form) === precision && (isGpu || !form.name.startsWith('xla')))
}
