import { digestOfBytes } from '@gauntlet/study'
import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { runOperator } from '../operator.ts'
import { ProgramBuilder } from '../programs/program-builder.ts'
import { loweredProgram } from '../testing/lowered-program.ts'
import { tf, type Tensor } from '../tf.ts'

it('takes the inputs and the variables that a program needs, and tells those that it writes', () => {
  const { inputs, variables, written } = loweredProgram()
  expect(inputs).toEqual(['x', 'y', 'iteration limit'])
  expect(variables.map(({ path }) => path)).toEqual(['read', 'written'])
  expect(written.map(({ path }) => path)).toEqual(['written'])
})

it('gives the same bytes in every process, so that compiled programs are found again', { timeout: 60_000 }, () => {
  const script = `
    import { digestOfBytes } from '@gauntlet/study'
    import { loweredProgram } from '${import.meta.dirname}/../testing/lowered-program.ts'
    const digests = [1, 2].map(() => digestOfBytes(loweredProgram().module))
    process.stdout.write(digests.join())`
  const options = ['--import', 'tsx', '--input-type=module', '--eval', script]
  const { status, stdout, stderr } = spawnSync(process.execPath, options, {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  })
  expect(status, stderr).toBe(0)
  const own = digestOfBytes(loweredProgram().module)
  expect(stdout).toBe(`${own},${own}`)
})

it("repeats TensorFlow's words where XLA has no operator", () => {
  const builder = new ProgramBuilder({})
  const attributes = { T: { type: 'float32' }, reverse: false } as const
  const second = (x: Tensor) => runOperator('NthElement', attributes, [x, tf.scalar(1, 'int32')])[0]!
  builder.capture('program', ({ x }) => ({ outputs: second(x!) }), { x: tf.tensor1d([3, 1, 2]) })
  expect(() => builder.lowered()).toThrow(/unsupported operations .*NthElement/)
  builder.dispose()
})
