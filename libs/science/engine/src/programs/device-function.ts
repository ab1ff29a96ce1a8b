import { pjrtDevice } from '../pjrt/pjrt-device.ts'
import { tf, type Tensor } from '../tf.ts'
import { isProgramCode } from '../recording/capturing.ts'
import type { Program } from '../sessions/program.ts'
import { ProgramBuilder } from './program-builder.ts'
import type { ProgramSession } from './program-session.ts'
import type { TensorTree } from '../sessions/tensor-tree.ts'

/** A function of one tensor, and what frees its programs. Its result is the caller's to dispose of. */
export type DeviceFunction<X extends Tensor, Y extends Tensor> = ((x: X) => Y) & { dispose(): void }

/** Programs of one function that are held at once: those of the batches it is called with most, and of the last. */
const mostCaptured = 2

/**
 * A function of a tensor and a state for code outside of programs, which calls it with tensors of few shapes. Where
 * programs run on a device of PJRT it is captured for each shape and type when that first occurs; else, inside of
 * programs, and where a gradient is taken, `body` runs as it is. The state stays the caller's, and lives until the
 * function is disposed of.
 */
export function deviceFunction<State extends TensorTree, X extends Tensor, Y extends Tensor>(
  body: (x: X, state: State) => Y,
  state: State,
): DeviceFunction<X, Y> {
  const captured = new Map<string, Captured<X, Y>>()
  const call = (x: X): Y => {
    if (!pjrtDevice() || isProgramCode() || takesGradient()) return body(x, state)
    const key = `${x.dtype} ${x.shape.join('x')}`
    const known = captured.get(key)
    const { session, program } = known ?? capture(body, state, x)
    if (!known) {
      const [oldest] = captured
      if (oldest && captured.size === mostCaptured) {
        oldest[1].session.dispose()
        captured.delete(oldest[0])
      }
      captured.set(key, { session, program })
    }
    return session.run(program, { x }).y
  }
  const dispose = () => {
    for (const { session } of captured.values()) session.dispose()
    captured.clear()
  }
  return Object.assign(call, { dispose })
}

interface Captured<X extends Tensor, Y extends Tensor> {
  readonly session: ProgramSession<unknown>
  readonly program: Program<{ x: X }, { y: Y }>
}

function capture<State extends TensorTree, X extends Tensor, Y extends Tensor>(
  body: (x: X, state: State) => Y,
  state: State,
  x: X,
): Captured<X, Y> {
  const builder = new ProgramBuilder(state)
  try {
    const program = builder.capture(
      'function',
      (inputs: { x: X }, held) => ({ outputs: { y: body(inputs.x, held) } }),
      { x },
    )
    return { session: builder.load(), program }
  } finally {
    builder.dispose()
  }
}

/** Whether tfjs notes down operators to take their gradient. */
function takesGradient(): boolean {
  const { state } = tf.engine() as unknown as { readonly state: { readonly gradientDepth: number } }
  return state.gradientDepth > 0
}
