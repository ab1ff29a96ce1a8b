import { flagsAfterEscalation, runEnsemble, type Campaign, type EnsembleVerdict, type Flag } from '@gauntlet/attacks'
import { reporting } from './attack-progress.ts'
import type { Escalation } from './evidence.ts'
import type { EvaluatedGallery } from './gallery.ts'
import type { AttackEvaluation } from './evaluation.ts'

/** Verdicts and the reasons to doubt them. */
interface Doubted {
  readonly verdicts: readonly EnsembleVerdict[]
  readonly flags: readonly Flag[]
}

/**
 * Goes on against the images that held: a campaign of its own on them alone, with attacks of other names and thus other
 * noise. What it takes stands in the verdicts; where it takes much, the number has not settled and is refused.
 */
export async function escalated(
  campaign: Campaign & { readonly gallery: EvaluatedGallery },
  { onProgress, reader, resumeFrom }: AttackEvaluation,
  { verdicts, flags }: Doubted,
): Promise<Doubted & { readonly escalation: Escalation }> {
  const { attacks, gallery, onFallen } = campaign
  const rows = [...verdicts.keys()].filter((row) => verdicts[row]!.held)
  const progress = resumeFrom?.kind === 'ensemble' && resumeFrom.before ? resumeFrom.ensemble : undefined
  const found = await runEnsemble(
    {
      ...campaign,
      gallery: part(gallery, rows),
      onBlock: reporting({ onProgress, reader }, attacks, verdicts),
      onFallen: onFallen && ((i, point) => onFallen(rows[i]!, point)),
    },
    progress,
  )
  const merged = [...verdicts]
  rows.forEach((row, i) => (merged[row] = worse(verdicts[row]!, found[i]!)))
  const felled = found.filter(({ held }) => !held).length
  return {
    verdicts: merged,
    flags: flagsAfterEscalation(flags, felled, verdicts.length),
    escalation: { attacks: attacks.map(({ name }) => name), attacked: rows.length, felled },
  }
}

/** The images of some rows. */
function part(gallery: EvaluatedGallery, rows: readonly number[]): EvaluatedGallery {
  const { digests, labels, read } = gallery
  return {
    ...gallery,
    digests: rows.map((row) => digests[row]!),
    labels: rows.map((row) => labels[row]!),
    read: (chosen) => read(chosen.map((i) => rows[i]!)),
  }
}

/** What decides of an image that held before: the point where it fell, or the one of lower margin; and all passes. */
function worse(before: EnsembleVerdict, after: EnsembleVerdict): EnsembleVerdict {
  const deciding = !after.held || after.margin < before.margin ? after : before
  return { ...deciding, forwards: before.forwards + after.forwards, backwards: before.backwards + after.backwards }
}
