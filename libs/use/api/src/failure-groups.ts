import type { CachedTable } from './tables/cached-table.ts'
import type { FailureGroup } from './wire/study-now.ts'

/** Rows that a group names; whoever wants all filters the table. */
const namedRows = 20

/** What makes a message differ from that of the same failure elsewhere: digests, numbers, and paths with either. */
const particulars = /\b[0-9a-f]{12,64}\b|\d+(?:\.\d+)?/g

/** The failed cells of a table, by what they have in common; the most frequent first. */
export function groupFailures({ cells }: Pick<CachedTable, 'cells'>): FailureGroup[] {
  const groups = new Map<string, FailureGroup>()
  for (const { missing, measured, failure } of cells) {
    const cell = missing ?? measured!
    const failed = missing?.failureClass
      ? {
          failureClass: missing.failureClass,
          stage: missing.stage ?? '',
          message: missing.reason,
          at: missing.failedAt?.toISOString() ?? '',
        }
      : failure && { ...failure, at: failure.recordedAt ?? '' }
    if (!failed) continue
    const { failureClass, stage, message, at } = failed
    const key = JSON.stringify([failureClass, stage, cell.backbone, message.replace(particulars, '#')])
    const group = groups.get(key)
    groups.set(key, {
      ...(group ?? { failureClass, stage, backbone: cell.backbone, message }),
      cells: (group?.cells ?? 0) + 1,
      rows: [...(group?.rows ?? []), cell.row].slice(0, namedRows),
      lastAt: group && group.lastAt > at ? group.lastAt : at,
    })
  }
  return [...groups.values()].sort((a, b) => b.cells - a.cells || (a.lastAt < b.lastAt ? 1 : -1))
}
