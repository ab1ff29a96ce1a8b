import type * as Tf from '@tensorflow/tfjs-node-gpu'
import type { Tensor } from '@tensorflow/tfjs-node-gpu'

type Thunks = Record<string, () => Tensor>

/** As much of tfjs's engine (tfjs-core 4.22, engine.ts and tape.ts) as takes gradients. */
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

/** Kernels whose gradient looks at that of their first output alone. */
export const differentiableByFirstOutput = new Set<string>()

/** Kernels whose gradients look at nothing of their inputs but the shapes, for which tfjs keeps the inputs whole. */
const differentiableByShapes = new Set('Add Sub AddN Concat ExpandDims Mean PadV2 Reshape Slice Sum'.split(' '))

/**
 * Frees what a gradient no longer needs while it is computed: tfjs keeps what operators saved for it, and the gradients
 * of everything in between, until all is done, twice the memory of PyTorch; and saves no values where shapes do.
 * Gradients of gradients keep theirs.
 */
export function freeWhileTakingGradients(tf: typeof Tf): void {
  const engine = tf.engine() as unknown as GradientEngine
  const { addTapeNode, gradients } = engine
  let pass = new BackwardPass()
  for (const name of differentiableByShapes)
    Object.assign(tf.getGradient(name), { inputsToSave: [], saveAllInputs: false })
  engine.addTapeNode = (name, inputs, outputs, gradientOfKernel, saved, attributes) => {
    // A tensor tells its shape when its values are gone.
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

/** What a gradient that failed had saved, which tfjs keeps for good. */
function freeTape(tape: readonly TapeNode[] | null): void {
  for (const { saved } of tape ?? []) for (const tensor of saved) tensor.dispose()
}

/**
 * Where tfjs would make zeros in JavaScript for outputs that nothing followed from, as many as a batch norm has
 * statistics and scratch space.
 */
function repeatingFirst(gradient: Gradient): Gradient {
  return ([first, ...rest]) => gradient([first!, ...rest.map((one) => one ?? first!)])
}

/** One way back along a tape: each node comes when all that took its outputs have been. */
class BackwardPass {
  /**
   * How often a gradient is still to be taken, where it is not once: an operator may hand on the very tensor that it
   * was given, to several inputs.
   */
  private readonly uses = new Map<Tensor, number>()
  /**
   * Inputs that have a gradient. tfjs adds a further one to it, frees the sum so far, and forgets the other summand.
   */
  private readonly reached = new Set<number>()
  /** What the present node is the last to need. */
  private ending: Tensor[] = []

  constructor(given?: Tensor) {
    if (given) this.uses.set(given, Infinity)
  }

  through(node: TapeNode, outputGradients: (Tensor | null)[], gradient: Gradient): Thunks {
    this.freeEnding()
    for (const one of outputGradients) if (one) this.ending.push(one)
    const thunks = Object.entries(gradient(outputGradients))
    // Only now: the gradient has taken hold of what was saved for it.
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
