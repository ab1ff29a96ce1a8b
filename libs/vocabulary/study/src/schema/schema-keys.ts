import type { Path } from './problem-list.ts'
import { studyJsonSchema } from './json-schema.ts'

interface SchemaNode {
  readonly properties?: Record<string, SchemaNode>
  readonly items?: SchemaNode
  readonly anyOf?: readonly SchemaNode[]
  readonly oneOf?: readonly SchemaNode[]
  readonly const?: unknown
}

/** The keys the study file's schema allows at a path, given what the file holds there. */
export function keysAt(path: Path, document: unknown): readonly string[] {
  let nodes = alternatives(studyJsonSchema() as SchemaNode, document)
  let value = document
  for (const step of path) {
    value = (value as Record<string | number, unknown> | undefined)?.[step]
    nodes = nodes.flatMap((node) => {
      const next = typeof step === 'number' ? node.items : node.properties?.[step]
      return next ? alternatives(next, value) : []
    })
  }
  return [...new Set(nodes.flatMap((node) => Object.keys(node.properties ?? {})))]
}

/** The branches of a union that the value's own `name` does not rule out. */
function alternatives(node: SchemaNode, value: unknown): SchemaNode[] {
  const branches = node.anyOf ?? node.oneOf
  if (branches) return branches.flatMap((branch) => alternatives(branch, value))
  const name = node.properties?.['name']?.const
  return name === undefined || name === (value as { name?: unknown } | undefined)?.name ? [node] : []
}
