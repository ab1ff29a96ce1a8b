import { backboneLabel } from '../configuration.ts'
import type { Path } from '../schema/problem-list.ts'
import type { BackboneEntry, StudyDocument } from '../schema/study-schema.ts'

/** A value of the backbone axis: an entry, or one of the checkpoints that it lists. */
export interface WrittenBackbone {
  readonly id: string
  /** Its name on the axis. */
  readonly label: string
  readonly path: Path
  readonly source?: string
  readonly sha256?: string
  readonly inputContract?: Exclude<BackboneEntry, string>['inputContract']
  readonly checkpoint?: string
}

/** The backbones that a study lists, each checkpoint of a list by itself. */
export function backboneEntriesOf({ backbones }: StudyDocument): readonly WrittenBackbone[] {
  const names = checkpointNames(
    backbones.flatMap((entry) => (typeof entry === 'string' ? [] : (entry.checkpoints ?? []))),
  )
  return backbones.flatMap((entry, index): WrittenBackbone[] => {
    const path: Path = ['backbones', index]
    if (typeof entry === 'string') return [{ id: entry, label: entry, path }]
    const { checkpoints, ...own } = entry
    if (!checkpoints) return [{ ...own, label: own.id, path } as WrittenBackbone]
    return checkpoints.map((source, i) => {
      const checkpoint = names.get(source)!
      const label = backboneLabel({ id: own.id, checkpoint })
      return { ...own, source, checkpoint, label, path: [...path, 'checkpoints', i] } as WrittenBackbone
    })
  })
}

/**
 * A name for each checkpoint: that of its file without extension, with as many folders before it as tell it from the
 * others.
 */
function checkpointNames(sources: readonly string[]): ReadonlyMap<string, string> {
  const different = [...new Set(sources)]
  const named = (source: string, parts: number) =>
    decoded(source)
      .replace(/^[a-z]+:\/*/, '')
      .replace(/[@?#].*$/, '')
      .replace(/\.(?:safetensors|pth|pt|ckpt|bin|tar)(?:\.tar)?$/, '')
      .split('/')
      .slice(-parts)
      .join('/')
  const nameOf = (source: string): string => {
    for (let parts = 1; parts < 20; parts++) {
      const name = named(source, parts)
      if (different.every((other) => other === source || named(other, parts) !== name)) return name
    }
    return source
  }
  return new Map(different.map((source) => [source, nameOf(source)]))
}

/** A source without percent-encoding. */
function decoded(source: string): string {
  try {
    return decodeURIComponent(source)
  } catch {
    return source
  }
}
