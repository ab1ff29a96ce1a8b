import { useCpuPlugin } from '../cpu-plugin.fixture.ts'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { withinDeviceMemory } from '../device-memory.ts'
import { OutOfMemory } from '../out-of-memory.ts'
import { isForCheck } from '../recording/capturing.ts'
import type { Program } from '../sessions/program.ts'
import { ProgramBuilder } from '../programs/program-builder.ts'
import { tf, type Scalar, type Tensor, type Tensor2D } from '../tf.ts'
import { pjrtAddition } from './pjrt-addition.ts'
import { pjrtDevice } from './pjrt-device.ts'
import { DeviceFailed, DeviceStateLost } from './pjrt-errors.ts'
import { PjrtSession } from './pjrt-session.ts'

useCpuPlugin()

afterEach(() => vi.restoreAllMocks())

const side = 64

/** A program that changes two of three tensors of its state, and gives one number. */
function steps() {
  const builder = new ProgramBuilder({
    weight: tf.eye(side).mul(0.5) as Tensor,
    total: tf.scalar(0),
    fixed: tf.ones([side]),
  })
  const step = builder.capture(
    'step',
    ({ x }, { weight, total, fixed }) => {
      const y = tf.matMul(x as never, weight as never).add<Tensor>(fixed)
      return { outputs: { mean: y.mean() }, state: { weight: weight.mul(0.99), total: total.add(y.sum()) } }
    },
    { x: tf.ones([1, side]) },
  )
  return { builder, step }
}

/** A program that adds to its state, and needs half a terabyte to do so. */
function giant() {
  const builder = new ProgramBuilder({ start: tf.scalar(1), sums: tf.zeros([8]) })
  const program = builder.capture(
    'giant',
    (_, { start, sums }) => {
      const line = (length: number) => tf.range(0, length).add(start)
      const plane = tf.matMul(line(2 ** 20).reshape([-1, 1]), line(2 ** 17).reshape([1, -1]))
      const sum = plane
        .tanh()
        .matMul(tf.ones([2 ** 17, 1]))
        .sum()
      return { outputs: { sum }, state: { sums: sums.add(1) } }
    },
    {},
  )
  const { variables } = builder['stateNodes']
  const open = () => PjrtSession.open(pjrtDevice()!, builder['graph'](), [program as Program], variables)
  const values = [tf.scalar(1), tf.zeros([8])]
  return {
    open,
    program: program as Program,
    assigned: variables.map((variable, i) => ({ variable, tensor: values[i]! })),
  }
}

describe('a session of PJRT', () => {
  it('keeps the state on the device, in the memory that it had, over thousands of runs', { timeout: 120_000 }, () => {
    const { builder, step } = steps()
    const session = builder.finish()
    const x = tf.ones([1, side])
    const run = () => session.run(step, { x }).mean.dispose()
    /** Bytes that the process has besides JavaScript's heap, which grows as it likes. */
    const outside = () => residentBytes() - process.memoryUsage().heapTotal
    /** Bytes that the process has grown by, a run. */
    const growth = () => {
      const before = outside()
      for (let i = 0; i < 10_000; i++) run()
      return (outside() - before) / 10_000
    }
    growth() // until what the runs share has its size
    const [tensors, onDevice] = [tf.memory().numTensors, pjrtAddition().liveTensors()]
    const growths = [growth(), growth(), growth()]
    expect(tf.memory().numTensors).toBe(tensors)
    expect(pjrtAddition().liveTensors()).toBe(onDevice)
    expect(onDevice).toBe(3)
    // What is lost in each run is lost in every round; 100 bytes a run would be a megabyte.
    expect(Math.min(...growths)).toBeLessThan(100)
    session.dispose()
    expect(pjrtAddition().liveTensors()).toBe(0)
    x.dispose()
  })

  it('takes over the memory of the state that a program changes, and of no other', () => {
    const { builder } = steps()
    const executable = pjrtDevice()!.compile('step', builder.lowered().get('step')!.module)
    const { aliased, inputs } = pjrtAddition().programMemory(executable)
    expect(aliased).toBe(4 * (side * side + 1))
    expect(inputs).toBe(4 * (side * side + 1 + side + side))
    builder.dispose()
  })

  it('gives the state to be read, and takes another', () => {
    const { builder, step } = steps()
    const session = builder.finish()
    const x = tf.ones([1, side])
    const [first, second] = [session.run(step, { x }).mean.arraySync(), session.run(step, { x }).mean.arraySync()]
    const { weight, total, fixed } = session.state()
    expect(total.dataSync()[0]).toBeCloseTo(side * ((first as number) + (second as number)), 3)
    expect(weight.dataSync()[0]).toBeCloseTo(0.5 * 0.99 ** 2, 6)
    expect(fixed.dataSync()).toEqual(new Float32Array(side).fill(1))
    session.setState({ weight: tf.eye(side).mul(0.5), total: tf.scalar(0) as Scalar })
    expect(session.run(step, { x }).mean.arraySync()).toBe(first)
    session.dispose()
  })

  it('compares a program with eager code on a smaller batch where one is given', () => {
    const eager: number[] = []
    const builder = new ProgramBuilder({ weight: tf.eye(side) })
    const program = builder.capture(
      'rows',
      ({ x }: { x: Tensor }, { weight }) => {
        if (isForCheck()) eager.push(x.shape[0]!)
        return { outputs: { y: tf.matMul(x as Tensor2D, weight as Tensor2D) } }
      },
      { x: tf.ones([32, side]) },
      { smaller: { x: tf.ones([2, side]) } },
    )
    const session = builder.finish()
    expect(eager).toEqual([2])
    expect(session.agreements.get('rows')!.deviation).toBeLessThan(1e-6)
    expect(session.run(program, { x: tf.ones([32, side]) }).y.shape).toEqual([32, side])
    session.dispose()
  })

  it('says that the state is lost where a run fails that had taken it over', () => {
    const { builder, step } = steps()
    const session = builder.finish()
    const x = tf.ones([1, side])
    session.run(step, { x })
    vi.spyOn(pjrtAddition(), 'run').mockImplementationOnce((_, tensors) => {
      tensors.forEach((tensor) => pjrtAddition().freeTensor(tensor))
      throw Object.assign(new Error('an illegal memory access was encountered'), { pjrtCode: 13 })
    })
    expect(() => session.run(step, { x })).toThrow(DeviceStateLost)
    expect(() => session.run(step, { x })).toThrow(/go on from the last mid-training state/)
    expect(() => session.state()).toThrow(DeviceStateLost)
    session.dispose()
  })

  it('keeps the state where a run fails before that', () => {
    const { builder, step } = steps()
    const session = builder.finish()
    const x = tf.ones([1, side])
    vi.spyOn(pjrtAddition(), 'run').mockImplementationOnce(() => {
      throw Object.assign(new Error('the device is busy\nand more'), { pjrtCode: 14 })
    })
    expect(() => session.run(step, { x })).toThrow(
      new DeviceFailed('The device failed while running step: the device is busy'),
    )
    expect(session.run(step, { x }).mean.arraySync()).toBeCloseTo(1.5, 5)
    session.dispose()
  })

  it('reports that memory ran out while a program runs, and that the state went with it', () => {
    const { open, program, assigned } = giant()
    const session = open()
    session.assign(assigned)
    expect(() => session.run(program, [], tf.scalar(1, 'int32'))).toThrow(OutOfMemory)
    expect(() => session.run(program, [], tf.scalar(1, 'int32'))).toThrow(DeviceStateLost)
    session.dispose()
    expect(pjrtAddition().liveTensors()).toBe(0)
  })

  it('knows before a program runs that it has no room', () => {
    const { open } = giant()
    expect(() => withinDeviceMemory(open, 2 ** 34)).toThrow(
      /^The device process would need 5\d{5} MiB and may have 16384; use a smaller micro-batch/,
    )
  })
})

/** The bytes that the process has resident once JavaScript has collected what it does not need. */
function residentBytes(): number {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
  return process.memoryUsage.rss()
}
