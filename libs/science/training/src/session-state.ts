import { tf, type NamedTensors, type Tensor } from '@gauntlet/engine'
import type { NamedArray } from '@gauntlet/weights'
import { TrainingStateInvalid } from './training-errors.ts'
import type { TrainingSession } from './training-session.ts'
import type { TrainingTensors } from './training-tensors.ts'

/** The tensors that training changes, and the prefixes of their names in a mid-training state. */
const prefixes = {
  values: 'values',
  firstMoment: 'first-moment',
  secondMoment: 'second-moment',
  buffers: 'buffer',
} as const
type SavedTensors = Pick<TrainingTensors, keyof typeof prefixes>

/** The tensors that training changes, copied to the host. */
export async function saveSession(session: TrainingSession): Promise<NamedArray[]> {
  const tensors = session.tensors()
  const arrays: NamedArray[] = []
  for (const [kind, prefix] of Object.entries(prefixes)) {
    for (const [name, tensor] of Object.entries(tensors[kind as keyof SavedTensors])) {
      const { shape, dtype } = tensor
      arrays.push({ name: `${prefix}.${name}`, dtype: dtype as 'float32' | 'int32', shape, data: await tensor.data() })
    }
  }
  tf.dispose(tensors as never)
  return arrays
}

/** Takes over saved tensors. The arrays must be exactly those of this session, and finite. */
export function restoreSession(session: TrainingSession, arrays: readonly NamedArray[]): void {
  const present = session.tensors()
  const rest = new Map(arrays.map((array) => [array.name, array]))
  const take = (name: string, { shape, dtype }: Tensor): NamedArray => {
    const array = rest.get(name)
    if (!array || array.dtype !== dtype || array.shape.join() !== shape.join() || !isFinite(array)) throw mismatch(name)
    rest.delete(name)
    return array
  }
  const taken = (kind: keyof SavedTensors): [string, NamedArray][] =>
    Object.entries(present[kind]).map(([name, tensor]) => [name, take(`${prefixes[kind]}.${name}`, tensor)])
  try {
    const saved = [taken('values'), taken('firstMoment'), taken('secondMoment'), taken('buffers')]
    for (const name of rest.keys()) throw mismatch(name)
    const [values, firstMoment, secondMoment, buffers] = saved.map(toTensors) as [
      NamedTensors,
      NamedTensors,
      NamedTensors,
      NamedTensors,
    ]
    session.restore({ values, firstMoment, secondMoment, buffers })
    tf.dispose([values, firstMoment, secondMoment, buffers] as never)
  } finally {
    tf.dispose(present as never)
  }
}

function toTensors(arrays: readonly (readonly [string, NamedArray])[]): NamedTensors {
  return Object.fromEntries(
    arrays.map(([name, { data, shape, dtype }]) => [
      name,
      tf.tensor(data as Float32Array | Int32Array, [...shape], dtype as 'float32' | 'int32'),
    ]),
  )
}

function isFinite({ data }: NamedArray): boolean {
  return (data as Float32Array).every((value) => Number.isFinite(value))
}

function mismatch(name: string): TrainingStateInvalid {
  return new TrainingStateInvalid(
    `The mid-training checkpoint does not fit this model at ${name}; remove it and train this configuration from its start.`,
  )
}
