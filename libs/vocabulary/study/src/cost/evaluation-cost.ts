import type { EnsembleEvaluator, Perturbation } from '../configuration.ts'
import type { Passes } from './passes.ts'

/** The passes for one image that holds against every attack, under a model of `classes` classes. */
export function evaluationCost({ name, evaluator }: Perturbation, classes: number): Passes {
  switch (evaluator.name) {
    case 'argmax':
    case 'corruptions':
      return passes(1, 0)
    case 'apgd-ce':
      return passes(1, evaluator.restarts * (evaluator.iterations + 1))
    default:
      return ensembleCost(evaluator.name, name === 'L1', classes)
  }
}

/**
 * The clean pass and the attacks of an ensemble as counted in AutoAttack's code (fra31/auto-attack@a3922004), without
 * the driver's own passes between attacks.
 */
function ensembleCost(name: EnsembleEvaluator['name'], isL1: boolean, classes: number): Passes {
  const others = Math.max(classes - 1, 1)
  const ifAtLeast = (needed: number, cost: number) => (classes >= needed ? cost : 0)
  const run = isL1 ? 103 : 101 // a gradient at the start of each phase and after every iteration
  const targets = Math.min(isL1 ? 5 : 9, others)
  const opening = 17 // in L1, ours starts with a gradient and 16 iterations that the reference does not have
  const [ce, targeted] = [isL1 ? opening + 5 * run : run, ifAtLeast(4, targets * run)]
  const fab = Math.min(9, others) * 100 // a gradient and a forward pass to check, every iteration
  const square = 5_001
  switch (name) {
    case 'apgd-ce+t':
      return passes(1, ce + targeted)
    case 'malt': {
      const candidates = Math.min(11 * targets, others)
      return passes(1 + ifAtLeast(4, 1), targeted + ifAtLeast(4, candidates))
    }
    case 'standard':
      return passes(1 + fab + square, ce + targeted + fab)
    case 'rand':
      return passes(1, (1 + ifAtLeast(3, 1)) * 20 * 101)
    case 'plus': {
      const untargeted = 5 * 101 * (1 + ifAtLeast(3, 1)) + 5 * 100 * classes // FAB takes every class's gradient
      const plain = ifAtLeast(4, Math.min(9, others) * 101)
      return passes(1 + 5 * 100 + fab + square, untargeted + plain + fab)
    }
  }
}

function passes(forward: number, gradient: number): Passes {
  return { forward, gradient, update: 0 }
}
