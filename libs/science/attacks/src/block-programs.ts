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
import { stepsOfAll, type Attack } from './attack.ts'
import type { Ball } from './ball.ts'
import { block, type BlockEnd, type BlockStart } from './block.ts'
import type { LogitsFunction } from './loss.ts'
import type { NamedParameters, Network } from './network.ts'

/** Runs an attack's blocks. */
export interface BlockRunner {
  readonly attack: Attack
  /** Most steps of a block: the number of cues. */
  readonly steps: number
  /** The results are the caller's to dispose of. */
  run(start: BlockStart): BlockEnd
  dispose(): void
}

/**
 * Steps of an image below which capturing an attack costs more than it saves. Of the attack alone: what the images are
 * asked must not depend on how many there are.
 */
const fewSteps = 40

/** Captured where there is a network and the attack is long enough, else step by step. */
export function blockRunner(
  attack: Attack,
  { ball, logits, network, block: given = attack.block }: Siegecraft,
): BlockRunner {
  const steps = Math.min(given, attack.steps)
  if (network && stepsOfAll(attack) >= fewSteps) return new CapturedBlocks(attack, steps, ball, network)
  return { attack, steps, run: (start) => tidyTree(() => block(attack, ball, logits, start)), dispose: () => {} }
}

/** With what an attack is run. */
interface Siegecraft {
  readonly ball: Ball
  readonly logits: LogitsFunction
  readonly network?: Network | undefined
  readonly block?: number
}

type Inputs = NamedTensors

/**
 * An attack's block as a program, captured when its first batch comes: all have as many rows (`passRows`). The model's
 * parameters are its state; the attack's own tensors go in and out once a block, as the driver gathers and saves them
 * in between.
 */
class CapturedBlocks implements BlockRunner {
  private loaded: Loaded | undefined

  constructor(
    readonly attack: Attack,
    readonly steps: number,
    private readonly ball: Ball,
    private readonly network: Network,
  ) {}

  run(start: BlockStart): BlockEnd {
    const { state, ...rest } = start
    const inputs: Inputs = { ...rest, ...Object.fromEntries(leavesOf(state, 'state')) }
    this.loaded ??= this.load(inputs)
    return this.loaded.session.run(this.loaded.program, inputs)
  }

  dispose(): void {
    this.loaded?.session.dispose()
    this.loaded = undefined
  }

  private load(examples: Inputs): Loaded {
    const { attack, ball, network } = this
    const builder = new ProgramBuilder<State>({ parameters: network.parameters })
    try {
      const program = builder.capture(
        'block',
        (inputs: Inputs, { parameters }) => ({
          outputs: block(attack, ball, (images) => network.logits(images, parameters), startOf(inputs)),
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
  readonly program: Program<Inputs, BlockEnd>
  readonly session: ProgramSession<State>
}

function startOf(inputs: Inputs): BlockStart {
  const { images, labels, targets, cues, left, ...state } = inputs
  const tree = treeOf(Object.entries(state)) as { readonly state: TensorTree }
  return { images, labels, targets, cues, left, ...tree } as BlockStart
}
