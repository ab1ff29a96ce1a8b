import { codeOfIdentity, environmentOf, type WorkerDescription } from '@gauntlet/contract'
import type { ExecutionNode } from '@gauntlet/ledger'
import { isJsonObject, type Digest, type Json, type KeyedStage, type StageIdentity } from '@gauntlet/study'

/** One thing that differs between a stage as it was recorded and as a plan made now has it. */
export interface Difference {
  readonly stage: KeyedStage
  /** `code`, `seed`, `environment.<field>`, `parameters.<field>` or `input.<role>`. */
  readonly what: string
  readonly recorded: Json
  readonly planned: Json
}

/**
 * The stages behind one evaluation, as a plan made now identifies them. A stage is absent while inputs of it have still
 * to be made.
 */
export type PlannedChain = Partial<Record<KeyedStage, StageIdentity>>

/**
 * The differences between a recorded evaluation and a plan made now, stage by stage along the DAG. A different input
 * that an earlier stage made is listed only if no earlier difference explains it: that stage then made other bytes of
 * equal inputs.
 */
export function differencesOf(
  chain: readonly ExecutionNode[],
  planned: PlannedChain,
  worker: WorkerDescription,
): Difference[] {
  const found: Difference[] = []
  const made = new Map(
    chain.flatMap(({ generated, stage }) => Object.values(generated).map((digest) => [digest, stage])),
  )
  for (const node of chain) {
    const stage = node.stage as KeyedStage
    const differ: Differ = (what, recorded, now) => void found.push({ stage, what, recorded, planned: now })
    const code = worker.codeDigests[codeOfIdentity({ stage, parameters: node.parameters })] ?? null
    if (node.codeDigest !== code) differ('code', node.codeDigest, code)
    const { environment, environmentClass } = environmentOf(worker, stage)
    if (node.environmentClass !== environmentClass) compareFields('environment', node.environment, environment, differ)
    const identity = planned[stage]
    if (!identity) continue
    if (node.seed !== identity.seed) differ('seed', node.seed, identity.seed)
    compareFields('parameters', node.parameters, identity.parameters, differ)
    for (const [role, digest] of Object.entries(node.inputs)) {
      const isExplained = found.length > 0 && made.has(digest)
      if (identity.inputs[role] !== digest && !isExplained)
        differ(`input.${role}`, digest, identity.inputs[role] ?? null)
    }
  }
  return found
}

/** Everything that differs between a recorded execution and one that is planned, which runs in this environment. */
export function differencesOfStage(
  recorded: Pick<ExecutionNode, 'codeDigest' | 'environmentClass' | 'environment' | 'seed' | 'parameters' | 'inputs'>,
  planned: StageIdentity,
  environment: Json,
): Difference[] {
  const found: Difference[] = []
  const differ: Differ = (what, before, now) =>
    void found.push({ stage: planned.stage, what, recorded: before, planned: now })
  if (recorded.codeDigest !== planned.codeDigest) differ('code', recorded.codeDigest, planned.codeDigest)
  if (recorded.environmentClass !== planned.environmentClass)
    compareFields('environment', recorded.environment, environment, differ)
  if (recorded.seed !== planned.seed) differ('seed', recorded.seed, planned.seed)
  compareFields('parameters', recorded.parameters, planned.parameters, differ)
  for (const role of new Set([...Object.keys(recorded.inputs), ...Object.keys(planned.inputs)])) {
    const [before, now] = [recorded.inputs[role] ?? null, planned.inputs[role] ?? null]
    if (before !== now) differ(`input.${role}`, before, now)
  }
  return found
}

type Differ = (what: string, recorded: Json, planned: Json) => void

/** Names the fields of two JSON documents that differ, by their paths. */
function compareFields(path: string, recorded: Json, planned: Json, differ: Differ): void {
  if (isJsonObject(recorded) && isJsonObject(planned)) {
    for (const key of new Set([...Object.keys(recorded), ...Object.keys(planned)]))
      compareFields(`${path}.${key}`, recorded[key] ?? null, planned[key] ?? null, differ)
  } else if (JSON.stringify(recorded) !== JSON.stringify(planned)) differ(path, recorded, planned)
}

/**
 * The differences between two recorded evaluations, stage by stage along the DAG: `recorded` is the first one's value
 * and `planned` the second one's. An input that an earlier stage made is listed only if no earlier difference explains
 * it.
 */
export function differencesBetween(first: readonly ExecutionNode[], second: readonly ExecutionNode[]): Difference[] {
  const found: Difference[] = []
  const made = new Set(first.flatMap(({ generated }) => Object.values(generated)))
  for (const node of first) {
    const other = second.find(({ stage }) => stage === node.stage)
    if (!other) {
      found.push({ stage: node.stage as KeyedStage, what: 'stage', recorded: true, planned: null })
      continue
    }
    const isExplained = found.length > 0
    const own = differencesOfStage(node, { ...other, stage: other.stage as KeyedStage }, other.environment)
    found.push(
      ...own.filter(({ what, recorded }) => !isExplained || !what.startsWith('input.') || !made.has(String(recorded))),
    )
  }
  for (const { stage } of second)
    if (!first.some((node) => node.stage === stage))
      found.push({ stage: stage as KeyedStage, what: 'stage', recorded: null, planned: true })
  return found
}

/**
 * Gives the executions behind each evaluation of a graph, in the order of the DAG. An input was made by the first stage
 * that generated it in the same role; else by the first that generated it at all, since a checkpoint may have the bytes
 * of the training before it.
 */
export function chainsIn(graph: ReadonlyMap<Digest, ExecutionNode>): (evaluation: Digest) => ExecutionNode[] {
  const producers = new Map<string, ExecutionNode>()
  const inOrderOfTime = [...graph.values()].sort((a, b) => a.fulfilledAt.getTime() - b.fulfilledAt.getTime())
  for (const node of inOrderOfTime)
    for (const [role, digest] of Object.entries(node.generated))
      for (const name of [digest, `${digest} ${role}`]) if (!producers.has(name)) producers.set(name, node)
  return (evaluation) => {
    const chain = new Set<ExecutionNode>()
    const visit = (node: ExecutionNode | undefined, above: readonly ExecutionNode[]): void => {
      if (!node || chain.has(node) || above.includes(node)) return
      for (const [role, digest] of Object.entries(node.inputs))
        visit(producers.get(`${digest} ${role}`) ?? producers.get(digest), [...above, node])
      chain.add(node)
    }
    visit(graph.get(evaluation), [])
    return [...chain]
  }
}

/**
 * Differences as one line for people: `precision bfloat16, now float32; other code of fine-tune`. `word` stands before
 * the second value.
 */
export function formatDifferences(differences: readonly Difference[], word = 'now'): string {
  if (differences.length === 0) return 'nothing that is recorded'
  const environments = new Map<string, string>()
  const codes: string[] = []
  const others: string[] = []
  for (const { stage, what, recorded, planned } of differences) {
    const change = `${formatValue(recorded)}, ${word} ${formatValue(planned)}`
    const [kind, ...field] = what.split('.')
    if (kind === 'environment') environments.set(field.join('.'), `${field.join('.')} ${change}`)
    else if (kind === 'code') codes.push(stage)
    else if (kind === 'stage') others.push(`only one of the two has ${stage}`)
    else if (kind === 'input') others.push(`${stage} had other ${field.join('.')}`)
    else others.push(`${stage}: ${field.join('.') || kind} ${change}`)
  }
  const code = codes.length > 0 ? [`other code of ${codes.join(', ')}`] : []
  return [...environments.values(), ...others, ...code].join('; ')
}

function formatValue(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
