import { tf } from '../tf.ts'
import type { Form } from './forms.ts'
import type { NamedTensors, Program } from './program.ts'
import type { ProgramBuilder } from './program-builder.ts'
import { ReplayDiffers } from './refusals.ts'
import { tensorsOf, type TensorTree } from './tensor-tree.ts'

/**
 * The result of trying a form: the median time of a run after the first, in seconds, or why the form cannot be used.
 */
export interface FormTrial {
  readonly form: Form
  readonly seconds: number
  /** The time to load, check and run the program once. */
  readonly startSeconds: number
  readonly refused?: string
}

/**
 * Measures one program in every form on this device, and gives the fastest first. Forms that differ too much from eager
 * code, or cannot be compiled here, come last with the reason. The runs change no lasting state, since each form has
 * its own session. The caller keeps the choice, by the program's code and the environment class.
 */
export function fastestForm<State extends TensorTree, Inputs extends NamedTensors, Outputs extends TensorTree>(
  builder: ProgramBuilder<State>,
  program: Program<Inputs, Outputs>,
  inputs: Inputs,
  { forms, runs = 5 }: { forms: readonly Form[]; runs?: number },
): FormTrial[] {
  return forms
    .map((form) => trial(builder, program, inputs, form, runs))
    .sort((one, other) => one.seconds - other.seconds)
}

function trial<State extends TensorTree, Inputs extends NamedTensors, Outputs extends TensorTree>(
  builder: ProgramBuilder<State>,
  program: Program<Inputs, Outputs>,
  inputs: Inputs,
  form: Form,
  runs: number,
): FormTrial {
  const begun = performance.now()
  try {
    const session = builder.load(form)
    try {
      const run = () => secondsOf(() => tf.dispose(tensorsOf(session.run(program, inputs))))
      run()
      const startSeconds = (performance.now() - begun) / 1000
      const times = Array.from({ length: runs }, run).sort((a, b) => a - b)
      return { form, startSeconds, seconds: times[Math.floor(runs / 2)]! }
    } finally {
      session.dispose()
    }
  } catch (error) {
    if (!(error instanceof ReplayDiffers) && !/fail to run|Failed to load/.test(String(error))) throw error
    return {
      form,
      startSeconds: (performance.now() - begun) / 1000,
      seconds: Infinity,
      refused: (error as Error).message,
    }
  }
}

function secondsOf(work: () => void): number {
  const begun = performance.now()
  work()
  return (performance.now() - begun) / 1000
}
