import type * as Tf from '@tensorflow/tfjs-node-gpu'
import type { Tensor } from '@tensorflow/tfjs-node-gpu'

type Thunks = Record<string, () => Tensor>

/** The part of tfjs's engine that takes gradients (tfjs-core 4.22, engine.ts and tape.ts). */
interface GradientEngine {
  readonly state: { readonly activeTape: TapeNode[] | null; readonly gradientDepth: number }
  addTapeNode(
    name: string,
    inputs: Record<string, Tensor>,
    outputs: Tensor[],
    gradient: unknown,
    saved: Tensor[],
    attributes: unknown,
  ): void
  gradients(f: () => Tensor, xs: Tensor[], dy?: Tensor, ...rest: unknown[]): unknown
}

interface TapeNode {
  readonly inputs: Record<string, Tensor>
  saved: Tensor[]
  gradient?: Gradient
}

type Gradient = (outputGradients: (Tensor | null)[]) => Thunks

/** Kernels whose gradient uses the gradient of their first output only. */
export const differentiableByFirstOutput = new Set<string>()

/** Kernels whose gradients use only the shapes of their inputs. tfjs would save the inputs with their values. */
const differentiableByShapes = new Set('Add Sub AddN Concat ExpandDims Mean PadV2 Reshape Slice Sum'.split(' '))

/**
 * Makes tfjs free tensors while it computes a gradient, as soon as nothing needs them. tfjs itself keeps everything
 * that operators saved, and all gradients in between, until the end, which takes twice the memory of PyTorch. Where a
 * kernel's gradient uses only shapes, no values are saved. Gradients of gradients are left as they are.
 */
export function freeWhileTakingGradients(tf: typeof Tf): void {
  const engine = tf.engine() as unknown as GradientEngine
  const { addTapeNode, gradients } = engine
  let pass = new BackwardPass()
  for (const name of differentiableByShapes)
    Object.assign(tf.getGradient(name), { inputsToSave: [], saveAllInputs: false })
  engine.addTapeNode = (name, inputs, outputs, gradientOfKernel, saved, attributes) => {
    // A tensor still has its shape when its values are gone.
    const shapes = differentiableByShapes.has(name) ? Object.values(inputs) : undefined
    addTapeNode.call(engine, name, inputs, outputs, gradientOfKernel, shapes ?? saved, attributes)
    const node = engine.state.activeTape!.at(-1)!
    node.saved = saved
    const { gradient } = node
    if (!gradient) return
    const filled = differentiableByFirstOutput.has(name) ? repeatingFirst(gradient) : gradient
    node.gradient = (outputGradients) => {
      const isOutermost = engine.state.gradientDepth === 0
      return isOutermost ? pass.through(node, outputGradients, filled) : filled(outputGradients)
    }
  }
  engine.gradients = (f, xs, dy, ...rest) => {
    const outer = pass
    pass = new BackwardPass(dy)
    try {
      return gradients.call(engine, f, xs, dy, ...rest)
    } catch (error) {
      if (engine.state.gradientDepth === 0) freeTape(engine.state.activeTape)
      throw error
    } finally {
      pass = outer
    }
  }
}

/** Frees what a gradient that failed had saved, which tfjs would never free. */
function freeTape(tape: readonly TapeNode[] | null): void {
  for (const { saved } of tape ?? []) for (const tensor of saved) tensor.dispose()
}

/**
 * The gradient with that of the first output in the place of missing ones. tfjs would make zeros for them in
 * JavaScript, such as for the statistics and the scratch space of a batch norm.
 */
function repeatingFirst(gradient: Gradient): Gradient {
  return ([first, ...rest]) => gradient([first!, ...rest.map((one) => one ?? first!)])
}

/** One pass backwards along a tape. A node is visited when all nodes that took its outputs have been. */
class BackwardPass {
  /**
   * How often each gradient is still to be read, where that is not once: an operator may pass the tensor that it was
   * given on to several inputs.
   */
  private readonly uses = new Map<Tensor, number>()
  /**
   * Inputs that have a gradient already. tfjs adds a further one to it and frees the old sum, but never the other
   * summand.
   */
  private readonly reached = new Set<number>()
  /** Tensors that no node needs after the present one. */
  private ending: Tensor[] = []

  constructor(given?: Tensor) {
    if (given) this.uses.set(given, Infinity)
  }

  through(node: TapeNode, outputGradients: (Tensor | null)[], gradient: Gradient): Thunks {
    this.freeEnding()
    for (const one of outputGradients) if (one) this.ending.push(one)
    const thunks = Object.entries(gradient(outputGradients))
    // Only now, because the gradient takes hold of what was saved for it when it is called.
    const { saved, inputs } = node
    this.ending.push(...saved)
    return Object.fromEntries(thunks.map(([name, thunk]) => [name, () => this.counted(inputs[name], thunk())]))
  }

  private counted(input: Tensor | undefined, result: Tensor): Tensor {
    const isSummand = input !== undefined && this.reached.has(input.id)
    if (input) this.reached.add(input.id)
    this.uses.set(result, (this.uses.get(result) ?? 0) + 1)
    if (isSummand) this.ending.push(result)
    return result
  }

  private freeEnding(): void {
    for (const tensor of this.ending) {
      const left = (this.uses.get(tensor) ?? 1) - 1
      this.uses.set(tensor, left)
      if (left <= 0) tensor.dispose()
    }
    this.ending = []
  }
}
