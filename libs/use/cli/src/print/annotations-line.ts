import type { AnnotatedStudy } from '@gauntlet/ledger'
import { withoutControls } from './without-controls.ts'

/** What people have written about a study, in a line; notes are cut. Null where they have written nothing. */
export function annotationsLine({ owner, labels, notes }: AnnotatedStudy): string | null {
  const [first = '', ...rest] = notes?.split('\n') ?? []
  const note = first.length > 120 || rest.length > 0 ? `${first.slice(0, 120)}…` : first
  const parts = [owner && `owner ${owner}`, labels.length > 0 && `labels ${labels.join(', ')}`, note].filter(Boolean)
  return parts.length > 0 ? withoutControls(parts.join(' · ')) : null
}
