import {
  backboneFacts,
  configurationId,
  digestOf,
  multiplyAccumulates,
  type Configuration,
  type Digest,
} from '@gauntlet/study'
import { microBatchBelow } from './micro-batch.ts'

/** What a pool is: machines of one class, and how workers on them come to be. */
export interface PoolDeclaration {
  /** The class of the accelerator, as people name it: `h100`, `a100-40gb`, `cpu`. */
  readonly accelerator: string
  /** Memory of one device in bytes; null where it is not said, and every configuration is taken to fit. */
  readonly memory: number | null
  readonly start: PoolStart
}

/** How the workers of a pool are started. */
export type PoolStart = { readonly by: 'hand' } | SlurmStart

/** Workers that SLURM starts, one for each element of a job array, while stages wait. */
export interface SlurmStart {
  readonly by: 'slurm'
  /** The options of sbatch that say where and how long they run, such as `--partition=gpu`. */
  readonly options: readonly string[]
  /** The most jobs that run or wait. */
  readonly maxWorkers: number
  /** Stages that must wait for each further worker. */
  readonly backlog: number
  /** Seconds without a stage after which a worker ends. */
  readonly idleSeconds: number
  /** Seconds before the end of the allocation at which a worker stops its stages. */
  readonly drainSeconds: number
}

/** A pool as the ledger has it. */
export interface DeclaredPool extends PoolDeclaration {
  readonly name: string
  /** From 1; another declaration of the same name is another version. */
  readonly version: number
  /** The environment class of the first worker that answered, to which the pool is held; null before that. */
  readonly environmentClass: Digest | null
}

/** The pool whose workers fetch sources where a study runs on declared pools, unless it names another. */
export const fetchPool = 'fetch'

/** A name that makes one task queue, one job and one file: letters, digits and hyphens. */
export function isPoolName(name: string): boolean {
  return /^[a-z0-9][a-z0-9-]{0,39}$/.test(name)
}

/**
 * The smallest micro-batch at which fine-tuning ran out of memory in a pool's environment; null where none is known.
 */
export type RanOutIn = (configuration: Configuration, pool: DeclaredPool) => number | null

/**
 * The pool that a configuration goes to: the one with the least memory into which its largest stage fits. Among pools
 * of equal memory the digest of the configuration decides, so that they share a study and the answer is always the
 * same. Where none is large enough it is the largest.
 */
export function choosePool(
  configuration: Configuration,
  pools: readonly DeclaredPool[],
  ranOutIn: RanOutIn = () => null,
): DeclaredPool {
  const fitting = pools.filter((pool) => fits(configuration, pool, ranOutIn(configuration, pool)))
  const memories = (fitting.length > 0 ? fitting : pools).map(({ memory }) => memory ?? Infinity)
  const wanted = fitting.length > 0 ? Math.min(...memories) : Math.max(...memories)
  const equal = (fitting.length > 0 ? fitting : pools).filter(({ memory }) => (memory ?? Infinity) === wanted)
  const id = configurationId(configuration)
  const score = ({ name }: DeclaredPool) => digestOf([id, name])
  return equal.reduce((best, pool) => (score(pool) < score(best) ? pool : best))
}

/** Whether the largest stage of a configuration fits into a device of this pool. */
export function fits(configuration: Configuration, { memory }: DeclaredPool, ranOutAt: number | null): boolean {
  const { microBatch: own, microBatchMayShrink } = configuration.hyperparameters
  const allowed = microBatchBelow(own, ranOutAt)
  if (allowed === null || (allowed < own && !microBatchMayShrink)) return false
  return memory === null || largestMemory(configuration) <= memory
}

/** Bytes of one number in float32. */
const float = 4

/**
 * Bytes that the largest stage of a configuration needs, before it runs: an estimate. Fine-tuning keeps parameters, and
 * for those that it trains a gradient and the two moments of AdamW. Its temporaries are taken as 90 MB and 25 MB for
 * each 10⁹ multiply-accumulates of an image, which covers the programs that XLA compiled for an H100
 * (test/benchmarks/LOG.md, 2026-11-30: EfficientNet-Lite0, DeiT-Ti and ResNet-50 need 94, 88 and 190 MB an image).
 */
export function largestMemory({ backbone, dataset, protocol, hyperparameters }: Configuration): number {
  const facts = backboneFacts(backbone.id)
  if (!facts) return 0
  const copies = protocol.trains === 'all' ? 4 : 1
  const macs = multiplyAccumulates(backbone.id, dataset.resolution)!
  return copies * float * facts.parameters + hyperparameters.microBatch * (90e6 + 25e-3 * macs)
}
