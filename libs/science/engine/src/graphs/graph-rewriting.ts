import type { Graph, GraphNode, Reference } from './graph.ts'

/**
 * Gives the nodes that replace one node, whose inputs are those of the new graph already. The last of them gives the
 * outputs. `original` is the node before, and `now` says which node took an earlier one's place.
 */
export type NodeRewriting = (
  node: GraphNode,
  scope: RewritingScope,
  original: GraphNode,
  now: (original: GraphNode) => GraphNode,
) => readonly GraphNode[]

/** What a rewriting may store while it goes through one list of nodes: the graph's own, or a function's. */
export type RewritingScope = Map<string, Reference>

/** The graph with every node rewritten, those of functions too. The given graph stays as it is. */
export function rewritten(graph: Graph, rewrite: NodeRewriting): Graph {
  return {
    nodes: rewrittenNodes(graph.nodes, rewrite).nodes,
    functions: graph.functions.map((each) => {
      const { nodes, moved } = rewrittenNodes(each.nodes, rewrite)
      return { ...each, nodes, results: each.results.map(moved) }
    }),
  }
}

function rewrittenNodes(nodes: readonly GraphNode[], rewrite: NodeRewriting) {
  const replacements = new Map<GraphNode, GraphNode>()
  const scope: RewritingScope = new Map()
  const replacementOf = (node: GraphNode) => replacements.get(node) ?? node
  const moved = ({ node, output }: Reference): Reference => ({ node: replacementOf(node), output })
  const result = nodes.flatMap((node) => {
    const copy = { ...node, inputs: node.inputs.map(moved), controls: node.controls.map(replacementOf) }
    const made = rewrite(copy, scope, node, replacementOf)
    replacements.set(node, made.at(-1)!)
    return made
  })
  return { nodes: result, moved }
}
