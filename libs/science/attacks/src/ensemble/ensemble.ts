import { InvalidInput } from '@gauntlet/study'
import { apgdAttack } from '../attack/apgd-attack.ts'
import type { Attack } from '../attack/attack.ts'
import type { Ball } from '../balls/ball.ts'
import { fabAttack } from '../attack/fab-attack.ts'
import { crossEntropy, differenceOfLogitsRatio, targetedDifferenceOfLogitsRatio } from '../attack/loss.ts'
import { squareAttack } from '../attack/square-attack.ts'
import { rankedByLinearisation } from '../attack/target-ranking.ts'

/** The ensembles. `standard`, `plus` and `rand` are AutoAttack's own; the field compares numbers of `standard`. */
export const ensembleNames = ['apgd-ce', 'apgd-ce+t', 'malt', 'standard', 'plus', 'rand'] as const
export type EnsembleName = (typeof ensembleNames)[number]

/** One attack of an ensemble, as data. */
export interface AttackEntry {
  readonly attack: 'apgd-ce' | 'apgd-dlr' | 'apgd-t' | 'fab' | 'fab-t' | 'square'
  /** Steps of one run; queries for Square. */
  readonly iterations: number
  readonly restarts: number
  /** Number of target classes; 0 where the attack aims at none. */
  readonly targets: number
  /** Radii of APGD's phases over epsilon; [1] unless given. */
  readonly phases?: readonly number[]
  /** Iterations of APGD's short first run (`ApgdSettings`); 0 unless given. */
  readonly opening?: number
  /** Gradients averaged for one step of APGD; 1 unless given. */
  readonly samples?: number
  /** How targets are chosen: by the clean logits, as unless given, or by how near their linearised boundaries are. */
  readonly choice?: 'logits' | 'linearisation'
  /** The name in tables and in the keys of its noise; that of its attack unless given. */
  readonly name?: string
}

/** An ensemble for one norm and number of classes. */
export interface Ensemble {
  readonly name: EnsembleName
  readonly entries: readonly AttackEntry[]
  /** The attacks of the reference that need more classes, with the reason. */
  readonly leftOut: readonly { readonly attack: AttackEntry['attack']; readonly reason: string }[]
}

/** The entries of an ensemble for any number of classes (autoattack.py:256 to :301). */
function entriesOf(name: EnsembleName, norm: Ball['norm']): readonly AttackEntry[] {
  const isL1 = norm === 'L1'
  const phases = isL1 ? { phases: [3, 2, 1] } : {} // `use_largereps`, only in `standard` (:267)
  const opening = isL1 ? { opening: 16 } : {} // a departure, with its reason at `apgdAttack`
  const ce: AttackEntry = {
    attack: 'apgd-ce',
    iterations: 100,
    restarts: isL1 ? 5 : 1,
    targets: 0,
    ...phases,
    ...opening,
  }
  const t: AttackEntry = { attack: 'apgd-t', iterations: 100, restarts: 1, targets: isL1 ? 5 : 9, ...phases }
  const fabT: AttackEntry = { attack: 'fab-t', iterations: 100, restarts: 1, targets: 9 }
  const square: AttackEntry = { attack: 'square', iterations: 5000, restarts: 1, targets: 0 }
  const plain = { iterations: 100, restarts: 5, targets: 0 }
  switch (name) {
    case 'apgd-ce':
      return [ce]
    case 'apgd-ce+t':
      return [ce, t]
    case 'malt':
      return [{ ...t, targets: isL1 ? 5 : 9, choice: 'linearisation' }]
    case 'standard':
      return [ce, t, fabT, square]
    case 'plus':
      return [
        { attack: 'apgd-ce', ...plain },
        { attack: 'apgd-dlr', ...plain },
        { attack: 'fab', ...plain },
        square,
        { attack: 'apgd-t', iterations: 100, restarts: 1, targets: 9 },
        fabT, // its restarts are set to 1 when it runs (:184)
      ]
    case 'rand':
      return [
        { attack: 'apgd-ce', ...plain, restarts: 1, samples: 20 },
        { attack: 'apgd-dlr', ...plain, restarts: 1, samples: 20 },
      ]
  }
}

/** Classes an attack needs: the ratio uses the third largest logit, the targeted ratio the fourth. */
const classesNeeded: Record<AttackEntry['attack'], number> = {
  'apgd-ce': 2,
  'apgd-dlr': 3,
  'apgd-t': 4,
  fab: 2,
  'fab-t': 2,
  square: 2,
}

/**
 * An ensemble as data. Departure: with few classes there are only as many targets as classes beside the label, and
 * attacks whose loss needs more classes are listed in `leftOut`. The reference warns and then fails (checks.py:100,
 * autopgd_base.py:668). Throws `InvalidInput` where no attack is left, since every image would count as robust.
 */
export function ensembleOf(name: EnsembleName, norm: Ball['norm'], classes: number): Ensemble {
  const all = entriesOf(name, norm)
  const fits = ({ attack }: AttackEntry) => classes >= classesNeeded[attack]
  const leftOut = all
    .filter((entry) => !fits(entry))
    .map(({ attack }) => ({ attack, reason: reasonOf(attack, classes) }))
  const entries = all.filter(fits).map((entry) => ({ ...entry, targets: Math.min(entry.targets, classes - 1) }))
  if (entries.length === 0)
    throw new InvalidInput(
      `The evaluator ${name} has no attack here: ${leftOut.map(({ reason }) => reason).join('; ')}. Choose another one, such as standard.`,
    )
  return { name, entries, leftOut }
}

function reasonOf(attack: AttackEntry['attack'], classes: number): string {
  return `${attack} needs ${classesNeeded[attack]} classes and the model has ${classes}`
}

/**
 * The attacks that an evaluation goes on with where its flags ask for more: APGD on the loss that does not depend on
 * the scale of the logits, from new starts, and Square, which needs no gradient, with more queries and twice. Both are
 * what AutoAttack's flags_doc.md advises. They have names of their own, and thus noise of their own.
 */
export function escalationOf(classes: number): AttackEntry[] {
  const all: AttackEntry[] = [
    { attack: 'apgd-dlr', name: 'escalated-apgd-dlr', iterations: 100, restarts: 5, targets: 0 },
    { attack: 'square', name: 'escalated-square', iterations: 10_000, restarts: 2, targets: 0 },
  ]
  return all.filter(({ attack }) => classes >= classesNeeded[attack])
}

/** The attacks of an ensemble in a ball. */
export function attacksOf({ entries }: Pick<Ensemble, 'entries'>, ball: Ball): Attack[] {
  return entries.map((entry) => attackOf(entry, ball))
}

function attackOf(
  {
    attack: kind,
    name = kind,
    iterations,
    restarts,
    targets,
    phases = [1],
    opening = 0,
    samples = 1,
    choice,
  }: AttackEntry,
  ball: Ball,
): Attack {
  const apgd = { name, ball, iterations, restarts, targets, phases, opening, samples }
  switch (kind) {
    case 'apgd-ce':
      return apgdAttack({ ...apgd, loss: crossEntropy })
    case 'apgd-dlr':
      return apgdAttack({ ...apgd, loss: differenceOfLogitsRatio })
    case 'apgd-t': {
      const attack = apgdAttack({ ...apgd, loss: targetedDifferenceOfLogitsRatio })
      return choice === 'linearisation' ? { ...attack, rankTargets: rankedByLinearisation(ball, targets) } : attack
    }
    case 'fab':
    case 'fab-t':
      return fabAttack({ name, ball, iterations, restarts, targets })
    case 'square':
      return squareAttack({ name, ball, queries: iterations, restarts })
  }
}
