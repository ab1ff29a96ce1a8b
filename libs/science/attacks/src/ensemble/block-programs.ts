import {
  leavesOf,
  ProgramBuilder,
  tidyTree,
  treeOf,
  type NamedTensors,
  type Program,
  type ProgramSession,
  type TensorTree,
} from '@gauntlet/engine'
import { stepsOfAll, type Attack } from '../attack/attack.ts'
import type { Ball } from '../balls/ball.ts'
import { block, type BlockInput, type BlockOutput } from './block.ts'
import type { LogitsFunction } from '../attack/loss.ts'
import type { NamedParameters, Network } from '../attack/network.ts'

/** Runs an attack's blocks. */
export interface BlockRunner {
  readonly attack: Attack
  /** Most steps of a block: the number of step inputs. */
  readonly steps: number
  /** What its programs took so far; null where it has none, or none has run twice yet. */
  readonly pace: Pace | null
  /** Runs one block. The caller disposes of what it gives. */
  run(input: BlockInput): BlockOutput
  /** Is told how long the block that ran last took, with all that loading took. */
  took(seconds: number, steps: number): void
  /** Blocks of another number of rows do not come again. */
  keepOnly(rows: number): void
  dispose(): void
}

/** Seconds. */
export interface Pace {
  /** To capture, load and compile a program. */
  readonly loading: number
  /** A step of the program that ran last. */
  readonly step: number
}

/**
 * Steps on one image below which capturing an attack costs more than it saves. It is compared with the steps of the
 * attack alone, since what an image is put through must not depend on how many images there are.
 */
const fewSteps = 40

/** Runs blocks captured where there is a network and the attack is long enough, else step by step. */
export function blockRunner(
  attack: Attack,
  { ball, logits, network, blockSteps = attack.blockSteps }: BlockSettings,
): BlockRunner {
  const steps = Math.min(blockSteps, attack.steps)
  if (network && stepsOfAll(attack) >= fewSteps) return new CapturedBlocks(attack, steps, ball, network)
  return {
    attack,
    steps,
    pace: null,
    run: (input) => tidyTree(() => block(attack, ball, logits, input)),
    took: () => {},
    keepOnly: () => {},
    dispose: () => {},
  }
}

/** What an attack's blocks are run with. */
interface BlockSettings {
  readonly ball: Ball
  readonly logits: LogitsFunction
  readonly network?: Network | undefined
  readonly blockSteps?: number
}

type Inputs = NamedTensors

/**
 * An attack's block as a program for each number of rows that its batches have (`rowsOf`): it is captured with
 * the first batch of that many. The model's parameters are the program's state; the attack's own tensors go in and out
 * once a block, as the driver gathers and saves them in between.
 */
class CapturedBlocks implements BlockRunner {
  pace: Pace | null = null
  private readonly loaded = new Map<number, Loaded>()
  /** The first block of the program that was loaded last; null while that has not ended. */
  private first: { readonly seconds: number; readonly steps: number } | null = null

  constructor(
    readonly attack: Attack,
    readonly steps: number,
    private readonly ball: Ball,
    private readonly network: Network,
  ) {}

  run(input: BlockInput): BlockOutput {
    const { state, ...rest } = input
    const inputs: Inputs = { ...rest, ...Object.fromEntries(leavesOf(state, 'state')) }
    const rows = input.images.shape[0]
    const loaded = this.loaded.get(rows) ?? this.load(inputs)
    if (!this.loaded.has(rows)) this.first = this.pace = null
    this.loaded.set(rows, loaded)
    return loaded.session.run(loaded.program, inputs)
  }

  took(seconds: number, steps: number): void {
    const { first } = this
    if (!first) {
      this.first = { seconds, steps }
      return
    }
    const step = seconds / steps
    this.pace = { loading: first.seconds - first.steps * step, step }
  }

  keepOnly(rows: number): void {
    for (const [others, { session }] of this.loaded) {
      if (others === rows) continue
      session.dispose()
      this.loaded.delete(others)
    }
  }

  dispose(): void {
    this.keepOnly(0)
  }

  private load(examples: Inputs): Loaded {
    const { attack, ball, network } = this
    const builder = new ProgramBuilder<State>({ parameters: network.parameters })
    try {
      const program = builder.capture(
        'block',
        (inputs: Inputs, { parameters }) => ({
          outputs: block(attack, ball, (images) => network.logits(images, parameters), blockInputOf(inputs)),
        }),
        examples,
      )
      return { program, session: builder.load() }
    } finally {
      builder.dispose()
    }
  }
}

type State = { readonly parameters: NamedParameters }

interface Loaded {
  readonly program: Program<Inputs, BlockOutput>
  readonly session: ProgramSession<State>
}

function blockInputOf(inputs: Inputs): BlockInput {
  const { images, labels, targets, stepInputs, stepsLeft, ...state } = inputs
  const tree = treeOf(Object.entries(state)) as { readonly state: TensorTree }
  return { images, labels, targets, stepInputs, stepsLeft, ...tree } as BlockInput
}
