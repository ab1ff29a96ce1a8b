import type { Trace, TracedExecution } from '@gauntlet/api/wire'

/** A box of the lineage graph: a stage, an artifact from outside, or the number itself. */
export interface LineageNode {
  readonly id: string
  readonly title: string
  readonly kind: 'source' | 'stage' | 'number'
  /** Null unless it is a stage. */
  readonly execution: TracedExecution | null
  /** For a source: its artifact. */
  readonly digest: string | null
  /** Columns from the left, and places from the top of the column, from 0. */
  readonly column: number
  readonly place: number
}

/** An artifact that one box gave to another. */
export interface LineageEdge {
  readonly from: string
  readonly to: string
  readonly roles: readonly string[]
}

export interface Lineage {
  readonly nodes: readonly LineageNode[]
  readonly edges: readonly LineageEdge[]
  readonly columns: number
  readonly places: number
}

const stageOrder = ['prepare-dataset', 'pretrain-load', 'fine-tune', 'checkpoint', 'perturb-and-evaluate']

/** The column of each stage; what comes from outside stands left of all. */
const columnOf: Readonly<Record<string, number>> = {
  'prepare-dataset': 1,
  'pretrain-load': 1,
  'fine-tune': 2,
  checkpoint: 3,
  'perturb-and-evaluate': 4,
}

/**
 * Lays the lineage of a number out from left to right: from what came from outside to the number. No box stands where
 * an edge passes its column, in the row of the box that the edge comes from.
 */
export function lineageOf({ measurement, executions, sources }: Trace): Lineage {
  const sorted = [...executions].sort((a, b) => stageOrder.indexOf(a.stage) - stageOrder.indexOf(b.stage))
  const inOrder = [...sources].sort((a, b) => stageOrder.indexOf(a.stage) - stageOrder.indexOf(b.stage))
  const distinct = new Map(inOrder.map((source) => [source.artifact.digest, source]))
  const boxes: Box[] = [
    ...[...distinct.values()].map(({ role, stage, artifact }): Box => ({
      id: artifact.digest,
      title: `${role} of ${stage}`,
      kind: 'source',
      execution: null,
      digest: artifact.digest,
      column: 0,
    })),
    ...sorted.map((execution): Box => ({
      id: execution.stageKey,
      title: execution.stage,
      kind: 'stage',
      execution,
      digest: null,
      column: columnOf[execution.stage] ?? 2,
    })),
    {
      id: measurement.id,
      title: `${measurement.correct} of ${measurement.total}`,
      kind: 'number',
      execution: null,
      digest: measurement.outcomesDigest,
      column: 5,
    },
  ]
  const edges = [...edgesOf(sorted, new Set(distinct.keys())), lastEdge(measurement)]
  const nodes = placed(boxes, edges)
  return { nodes, edges, columns: 6, places: 1 + Math.max(...nodes.map(({ place }) => place)) }
}

type Box = Omit<LineageNode, 'place'>

/** Gives boxes their places: in each column below the edges that pass it, those whose edges reach farthest on top. */
function placed(boxes: readonly Box[], edges: readonly LineageEdge[]): LineageNode[] {
  const columns = new Map(boxes.map(({ id, column }) => [id, column]))
  const reachOf = ({ id }: Box) =>
    Math.max(0, ...edges.filter(({ from }) => from === id).map(({ to }) => columns.get(to)!))
  const farthestFirst = boxes.toSorted((a, b) => a.column - b.column || reachOf(b) - reachOf(a))
  const nodes: LineageNode[] = []
  for (const box of farthestFirst) {
    const isAbove = (node: LineageNode) =>
      node.column === box.column || (node.column < box.column && reachOf(node) > box.column)
    nodes.push({ ...box, place: 1 + Math.max(-1, ...nodes.filter(isAbove).map(({ place }) => place)) })
  }
  return nodes
}

function lastEdge({ stageKey, id }: Trace['measurement']): LineageEdge {
  return { from: stageKey, to: id, roles: ['outcomes'] }
}

function edgesOf(executions: readonly TracedExecution[], outside: ReadonlySet<string>): LineageEdge[] {
  // By role first: a checkpoint has the bytes of the training before it.
  const makers = new Map<string, string>()
  for (const { stageKey, generated } of executions)
    for (const [role, { digest }] of Object.entries(generated))
      for (const name of [digest, `${digest} ${role}`]) if (!makers.has(name)) makers.set(name, stageKey)
  const edges = new Map<string, LineageEdge>()
  for (const { stageKey, used } of executions)
    for (const [role, { digest }] of Object.entries(used)) {
      const from = makers.get(`${digest} ${role}`) ?? makers.get(digest) ?? (outside.has(digest) ? digest : undefined)
      if (from === undefined || from === stageKey) continue
      const key = `${from} ${stageKey}`
      edges.set(key, { from, to: stageKey, roles: [...(edges.get(key)?.roles ?? []), role] })
    }
  return [...edges.values()]
}
