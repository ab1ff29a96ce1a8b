import { expect, it } from 'vitest'
import { interceptOperators, withOperatorsIntercepted, type OperatorInterceptor } from './operator-interception.ts'
import { nativeBackend, runOperator } from './operator.ts'
import { tf } from './tf.ts'

const x = tf.tensor1d([1, 2])
const noting =
  (names: string[], prefix = ''): OperatorInterceptor =>
  ({ name }, execute) => {
    names.push(prefix + name)
    return execute()
  }

it('is called for operators of one output and of several, and for those of gradients', () => {
  const names: string[] = []
  withOperatorsIntercepted(nativeBackend(), noting(names), () => {
    x.exp()
    runOperator('Exp', { T: { type: 'float32' } }, [x])
    tf.grad((y) => y.square())(x)
  })
  expect(names.filter((name) => name === 'Exp')).toHaveLength(2)
  expect(names).toContain('Square')
  expect(names).toContain('Mul')
})

it('may give other outputs than the operator would', () => {
  const instead: OperatorInterceptor = ({ name }, execute) => (name === 'Exp' ? [x] : execute())
  const [replaced, sum] = withOperatorsIntercepted(nativeBackend(), instead, () => [x.exp(), x.add(1)])
  expect(replaced!.arraySync()).toEqual([1, 2])
  expect(sum!.arraySync()).toEqual([2, 3])
})

it('calls the interceptor that came last first, and each until it is ended', () => {
  const names: string[] = []
  const stops = ['outer ', 'inner '].map((prefix) => interceptOperators(nativeBackend(), noting(names, prefix)))
  x.exp()
  stops[1]!()
  x.neg()
  stops[0]!()
  x.sin()
  expect(names).toEqual(['inner Exp', 'outer Exp', 'outer Neg'])
})

it('ends where the work fails, and hands on what an operator throws', () => {
  const names: string[] = []
  const failing = () => runOperator('NoSuchOperator', {}, [x])
  expect(() => withOperatorsIntercepted(nativeBackend(), noting(names), failing)).toThrow(/NoSuchOperator/)
  x.exp()
  expect(names).toEqual(['NoSuchOperator'])
})
