import {
  bytesOf,
  int32Scalar,
  outputOf,
  typeOf,
  type Attribute,
  type Graph,
  type GraphFunction,
  type GraphNode,
  type Reference,
} from './graph.ts'

/** Largest value that is kept through a loop instead of being computed in every iteration. */
const keptBytes = 2 ** 16

/**
 * The graph with every loop as a frame of TensorFlow's executor, and so without functions. TensorFlow lowers a
 * `StatelessWhile` itself, but carries what no iteration changes (weights, images) from iteration to iteration by four
 * nodes each, and runs every constant in every iteration. Here such values enter the frame once, and what follows from
 * them alone and is small is computed before the loop.
 */
export function withLoopFrames({ nodes, functions }: Graph): Graph {
  const lowering = new Lowering(new Map(functions.map((each) => [each.name, each])))
  return { nodes: lowering.lowered(nodes, new Map(), ''), functions: [] }
}

class Lowering {
  constructor(private readonly functions: ReadonlyMap<string, GraphFunction>) {}

  /**
   * The nodes without loops. `values`: what the outputs of nodes outside the list became; those of its own are added.
   */
  lowered(nodes: readonly GraphNode[], values: Map<GraphNode, readonly Reference[]>, prefix: string): GraphNode[] {
    const made: GraphNode[] = []
    for (const node of nodes) {
      const inputs = node.inputs.map((input) => valueOf(values, input))
      if (node.operator === 'StatelessWhile') {
        values.set(node, this.frame({ ...node, name: prefix + node.name, inputs }, made))
        continue
      }
      const controls = node.controls.map((control) => valueOf(values, outputOf(control)).node)
      const copy = { ...node, name: prefix + node.name, inputs, controls }
      values.set(
        node,
        node.outputs.length > 0 ? node.outputs.map((_, output) => ({ node: copy, output })) : [outputOf(copy)],
      )
      made.push(copy)
    }
    return made
  }

  /** Adds the nodes of a loop to those around it. Gives what its outputs became. */
  private frame(node: GraphNode, around: GraphNode[]): Reference[] {
    const [condition, body] = [this.functionOf(node, 'cond'), this.functionOf(node, 'body')]
    const frame = new Frame(node.name, around)
    const isCarried = body.arguments.map((argument, i) => body.results[i]!.node !== argument)
    const merges = node.inputs.map((input, i) => (isCarried[i] ? frame.merge(input, i) : undefined))
    const before = merges.map((merge, i) => (merge ? outputOf(merge) : node.inputs[i]!))
    const [holds] = this.inlined(condition, before, frame, 'condition')
    const goesOn = frame.add('LoopCond', 'goes_on', [holds!], {}, [holds!])
    const switches = merges.map((merge, i) =>
      merge
        ? frame.add('Switch', `switch_${i}`, [outputOf(merge), outputOf(goesOn)], typed(outputOf(merge)), [
            before[i]!,
            before[i]!,
          ])
        : undefined,
    )
    const during = switches.map((each, i) => (each ? { node: each, output: 1 } : node.inputs[i]!))
    frame.gate = frame.add('Identity', 'iterates', [during[0]!], typed(during[0]!), [during[0]!])
    const results = this.inlined(body, during, frame, 'body')
    merges.forEach((merge, i) => {
      if (!merge) return
      const next = frame.add('NextIteration', `next_${i}`, [results[i]!], typed(results[i]!), [results[i]!])
      merge.inputs.push(outputOf(next))
    })
    return switches.map((each, i) =>
      each
        ? outputOf(frame.add('Exit', `exit_${i}`, [outputOf(each)], typed(outputOf(each)), [outputOf(each)]))
        : node.inputs[i]!,
    )
  }

  /** Adds the nodes of a function to a frame, or before the loop where they can be. Gives the results. */
  private inlined(
    { arguments: parameters, nodes, results }: GraphFunction,
    given: readonly Reference[],
    frame: Frame,
    part: string,
  ): Reference[] {
    const values = new Map<GraphNode, readonly Reference[]>(parameters.map((parameter, i) => [parameter, [given[i]!]]))
    for (const node of this.lowered(nodes, values, `${frame.name}/${part}/`)) frame.place(node)
    return results.map((result) => valueOf(values, result))
  }

  private functionOf({ attributes }: GraphNode, role: 'cond' | 'body'): GraphFunction {
    const attribute = attributes[role] as Attribute & { readonly function: string }
    return this.functions.get(attribute.function)!
  }
}

/** One loop. Nodes of it that are not inside its frame are added to those around it. */
class Frame {
  /** The nodes that are inside: they differ from iteration to iteration, or may not be moved. */
  private readonly nodes = new Set<GraphNode>()
  /** Values from around, as they are inside. */
  private readonly entered = new Map<string, Reference>()
  private readonly constants = new Set<GraphNode>()
  /** A node that runs in every iteration, once it is certain that there is one. */
  gate: GraphNode | undefined

  constructor(
    readonly name: string,
    private readonly around: GraphNode[],
  ) {}

  /** Adds a node inside, whose outputs have the types of these values. */
  add(
    operator: string,
    name: string,
    inputs: readonly Reference[],
    attributes: Record<string, Attribute>,
    like: readonly Reference[],
  ): GraphNode {
    const node: GraphNode = {
      name: `${this.name}/${name}`,
      operator,
      inputs: inputs.map((input) => this.inside(input)),
      controls: [],
      attributes,
      outputs: like.map(typeOf),
      fixed: false,
    }
    this.insert(node)
    return node
  }

  /** The value of variable number `i` at the start of an iteration: the one from around, or of the iteration before. */
  merge(input: Reference, i: number): GraphNode {
    const entered = this.enter(`enter_${i}`, input, false)
    const merge = this.add('Merge', `merge_${i}`, [entered], { ...typed(input), N: { integer: 2 } }, [input])
    return Object.assign(merge, { outputs: [typeOf(input), int32Scalar] })
  }

  /** Adds a node of a function: before the loop if its inputs are there and it is small, else inside. */
  place(node: GraphNode): void {
    const isBefore = node.inputs.every((input) => !this.nodes.has(input.node)) && canBeKept(node)
    // A node of an inner loop reads from around through that loop's `Enter` alone, and `Merge` what comes after it.
    if (!isBefore && node.operator !== 'Merge') node.inputs.forEach((input, i) => (node.inputs[i] = this.inside(input)))
    if (isBefore) this.around.push(node)
    else this.insert(node)
  }

  /** A value inside: one from around enters the frame once, and stays for all iterations. */
  inside(value: Reference): Reference {
    if (this.nodes.has(value.node)) return value
    const key = `${value.node.name}:${value.output}`
    const known = this.entered.get(key)
    if (known) return known
    const entered = this.enter(`outer_${this.entered.size}`, value, true)
    this.entered.set(key, entered)
    this.constants.add(entered.node)
    return entered
  }

  /** Adds a node inside. One that reads from around alone waits for its iteration, and so runs no more often. */
  private insert(node: GraphNode): void {
    if (this.gate && node.inputs.every((input) => this.constants.has(input.node))) node.controls.push(this.gate)
    this.nodes.add(node)
    this.around.push(node)
  }

  private enter(name: string, value: Reference, isConstant: boolean): Reference {
    const node: GraphNode = {
      name: `${this.name}/${name}`,
      operator: 'Enter',
      inputs: [value],
      controls: [],
      attributes: {
        ...typed(value),
        frame_name: { text: this.name },
        is_constant: { truth: isConstant },
        parallel_iterations: { integer: 1 },
      },
      outputs: [typeOf(value)],
      fixed: false,
    }
    this.nodes.add(node)
    this.around.push(node)
    return outputOf(node)
  }
}

const ofFrames = new Set(['Enter', 'Exit', 'LoopCond', 'Merge', 'NextIteration', 'Switch'])

/**
 * Whether a node may be computed before the loop: it is small, or takes no memory of its own. Nodes of an inner loop
 * stay with it.
 */
function canBeKept({ operator, outputs }: GraphNode): boolean {
  if (ofFrames.has(operator)) return false
  return (
    operator === 'Const' || operator === 'Reshape' || outputs.reduce((sum, type) => sum + bytesOf(type), 0) <= keptBytes
  )
}

function valueOf(values: ReadonlyMap<GraphNode, readonly Reference[]>, { node, output }: Reference): Reference {
  return values.get(node)?.[output] ?? { node, output }
}

function typed(value: Reference): Record<string, Attribute> {
  return { T: { type: typeOf(value).dataType } }
}
