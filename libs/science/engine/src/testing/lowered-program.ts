import { loop } from '../programs/loop.ts'
import { ProgramBuilder } from '../programs/program-builder.ts'
import { tf, type Tensor } from '../tf.ts'

/** A lowered program with a loop, of three inputs and variables, of which it needs two each and writes one. */
export function loweredProgram() {
  const builder = new ProgramBuilder({ read: tf.ones([3]), unused: tf.ones([5]), written: tf.zeros([3]) })
  builder.capture(
    'program',
    ({ x, y }, { read, written }) => ({
      outputs: { y: loop(4, x as Tensor, (at) => at.mul(y!).add(read)).tanh() },
      state: { written: written.add(x!) },
    }),
    { x: tf.ones([3]), z: tf.ones([7]), y: tf.scalar(2) },
  )
  const program = builder.lowered().get('program')!
  builder.dispose()
  return program
}
