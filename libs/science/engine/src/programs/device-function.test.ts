import { useCpuPlugin } from '../cpu-plugin.fixture.ts'
import { afterEach, expect, it, vi } from 'vitest'
import { pjrtAddition } from '../pjrt/pjrt-addition.ts'
import { tf, type Tensor2D } from '../tf.ts'
import { deviceFunction } from './device-function.ts'

useCpuPlugin()

afterEach(() => vi.restoreAllMocks())

const weight = tf.tensor2d([1, 2, 3, 4], [2, 2])
const body = vi.fn<(x: Tensor2D, state: { weight: Tensor2D }) => Tensor2D>((x, { weight: held }) =>
  x.matMul<Tensor2D>(held).relu<Tensor2D>(),
)

it('is captured once for each shape, of which the oldest is given up, and gives what its body gives', () => {
  const onDevice = deviceFunction(body, { weight })
  const rows = (count: number) => tf.ones([count, 2]) as Tensor2D
  const captures = vi.spyOn(pjrtAddition(), 'compile')
  for (const count of [3, 3, 4, 3, 4]) expect([...onDevice(rows(count)).dataSync()].slice(0, 2)).toEqual([4, 6])
  expect(captures).toHaveBeenCalledTimes(2)
  expect(pjrtAddition().liveTensors()).toBe(2)
  onDevice(rows(5))
  expect(pjrtAddition().liveTensors()).toBe(2)
  onDevice.dispose()
  expect(pjrtAddition().liveTensors()).toBe(0)
})

it('is captured once for each type', () => {
  const onDevice = deviceFunction((x: Tensor2D) => x.add<Tensor2D>(x), {})
  for (const type of ['float32', 'int32'] as const) {
    const doubled = onDevice(tf.tensor2d([1, 2], [1, 2], type))
    expect([doubled.dtype, ...doubled.dataSync()]).toEqual([type, 2, 4])
  }
  onDevice.dispose()
})

it('runs as it is where a gradient is taken', () => {
  const onDevice = deviceFunction(body, { weight })
  const gradient = tf.grad((x) => onDevice(x as Tensor2D).sum())(tf.ones([1, 2]))
  expect([...gradient.dataSync()]).toEqual([3, 7])
  expect(pjrtAddition().liveTensors()).toBe(0)
  onDevice.dispose()
})
