import { corruptionNames } from '../catalogue/corruption-portfolio.ts'
import {
  evaluatorLabel,
  type AttackEvaluator,
  type CorruptionEvaluator,
  type Perturbation,
  type PerturbationName,
} from '../configuration.ts'
import { canonicalJson } from '../digest.ts'
import type { Path, ProblemList } from '../schema/problem-list.ts'
import { epsilonOf } from '../schema/schema-parts.ts'
import type { EvaluatorEntry, PerturbationEntry, StudyDocument } from '../schema/study-schema.ts'

type Ball = 'Linf' | 'L2' | 'L1'

/** The radii of the paper (arXiv 2508.14079). */
const defaultEpsilon: Record<Ball, number> = { Linf: 4 / 255, L2: 2, L1: 75 }

/** APGD's strength inside AutoAttack's `standard` ensemble. */
const defaultIterations = 100

/** The perturbations of a study, in the order of the file. */
export function perturbationsOf(document: StudyDocument, problems: ProblemList): Perturbation[] {
  const perturbations = new Map<string, Perturbation>()
  for (const [index, entry] of document.perturbations.entries()) {
    const path = ['perturbations', index]
    const perturbation = perturbationOf(typeof entry === 'string' ? { name: entry } : entry, path, document, problems)
    const key = canonicalJson(perturbation)
    if (perturbations.has(key))
      problems.add(path, `The perturbation ${perturbationLabel(perturbation)} stands here twice; keep one.`)
    perturbations.set(key, perturbation)
  }
  return [...perturbations.values()]
}

/** The label of a perturbation in tables: name, radius, and evaluator with its strength. */
export function perturbationLabel(perturbation: Perturbation): string {
  const radius = 'epsilon' in perturbation ? ` ${epsilonLabel(perturbation.epsilon)}` : ''
  return `${perturbation.name}${radius} (${evaluatorLabel(perturbation)})`
}

/** The label of a radius: `4/255` for a multiple of a pixel level, else the number. */
export function epsilonLabel(epsilon: number): string {
  const levels = Math.round(epsilon * 255)
  return levels > 0 && levels < 255 && levels / 255 === epsilon ? `${levels}/255` : String(epsilon)
}

type NamedEntry = Exclude<PerturbationEntry, string> | { readonly name: PerturbationName }

function perturbationOf(entry: NamedEntry, path: Path, document: StudyDocument, problems: ProblemList): Perturbation {
  switch (entry.name) {
    case 'clean':
      return { name: 'clean', evaluator: { name: 'argmax' } }
    case 'common':
      return { name: 'common', evaluator: corruptionsOf(entry as CommonEntry, path, problems) }
    default: {
      const { epsilon: written, evaluator: own } = entry as { epsilon?: number | string; evaluator?: EvaluatorEntry }
      const epsilon = written === undefined ? defaultEpsilon[entry.name] : epsilonOf(written)
      if (entry.name === 'Linf' && epsilon > 1) {
        problems.add(
          [...path, 'epsilon'],
          `Pixels lie in [0, 1], so a Linf radius of ${written} allows anything; write 4/255 or the like.`,
        )
      }
      const place = own === undefined ? ['evaluator'] : [...path, 'evaluator']
      return { name: entry.name, epsilon, evaluator: evaluatorOf(own ?? document.evaluator, place, problems) }
    }
  }
}

interface CommonEntry {
  readonly severity?: CorruptionEvaluator['severity']
  readonly portfolio?: readonly string[]
  readonly contract?: 'paper' | 'native'
  readonly images?: 'archived' | 'generated'
}

/**
 * The corruptions of an entry. A setting that has its default is left out of the result, so that it does not change the
 * identity.
 */
function corruptionsOf(
  { severity = 3, portfolio = corruptionNames, contract, images }: CommonEntry,
  path: Path,
  problems: ProblemList,
): CorruptionEvaluator {
  const evaluator: CorruptionEvaluator = {
    name: 'corruptions',
    portfolio: [...portfolio],
    severity,
    ...(contract === 'native' ? { contract } : {}),
    ...(images ? { images } : {}),
  }
  if (images === 'archived' && !matchesArchivedImages(evaluator)) {
    problems.add(
      [...path, 'images'],
      'Archived images are those of the paper: all its corruptions in its order, severity 3, contract paper; remove this or the other settings.',
    )
  }
  return evaluator
}

/**
 * Whether an evaluator asks for the corrupted copies that RobustGenBench's archives hold. Their settings are those of
 * arXiv 2508.14079; the metadata of the archives do not say them.
 */
export function matchesArchivedImages({ portfolio, severity, contract }: CorruptionEvaluator): boolean {
  return portfolio.join() === corruptionNames.join() && severity === 3 && contract === undefined
}

/** The evaluator of an entry. Only plain APGD takes a strength; the definition of an ensemble fixes its own. */
function evaluatorOf(entry: EvaluatorEntry, path: Path, problems: ProblemList): AttackEvaluator {
  const { name, iterations, restarts, escalate } = typeof entry === 'string' ? { name: entry } : entry
  if (name === 'apgd-ce') {
    if (escalate)
      problems.add(
        path,
        "The evaluator 'apgd-ce' does not escalate; remove escalate, or name an ensemble such as standard.",
      )
    return { name, iterations: iterations ?? defaultIterations, restarts: restarts ?? 1 }
  }
  if (iterations !== undefined || restarts !== undefined) {
    problems.add(
      path,
      `The evaluator '${name}' has the strength its definition gives it; remove iterations and restarts, or write apgd-ce.`,
    )
  }
  return escalate ? { name, escalate } : { name }
}
