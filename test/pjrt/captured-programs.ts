import {
  attacksOf,
  ballOf,
  ensembleOf,
  frozenNetwork,
  runEnsemble,
  type Attack,
  type ImageSet,
} from '@gauntlet/attacks'
import { backboneFor, implementedBackbones, type Backbone } from '@gauntlet/backbones'
import {
  deviceFunction,
  float32,
  ProgramBuilder,
  tf,
  uniform,
  type LoweredProgram,
  type Tensor4D,
} from '@gauntlet/engine'
import { evaluationMode, Parameters } from '@gauntlet/nn'
import { defaultHyperparameters, digestOf } from '@gauntlet/study'
import { fineTuneModel, trainableModel, type TrainingData } from '@gauntlet/training'
import { elementCount, toParameters, type NamedArray } from '@gauntlet/weights'

/** A program of a backbone, lowered to XLA's HLO. */
export interface BackboneProgram extends LoweredProgram {
  /** What captures it and its name there, such as `fine-tuning/step`. */
  readonly name: string
  /** Seconds in which the programs that are captured with it were lowered. */
  readonly seconds: number
}

const [classes, count] = [10, 2]

/** The id of each family's smallest backbone, by its parameters. */
export function smallestOfEachFamily(): string[] {
  const sizeOf = ({ specifications }: Backbone) =>
    specifications(classes).reduce((sum, { shape }) => sum + elementCount(shape), 0)
  const smallest = new Map<string, Backbone>()
  for (const backbone of implementedBackbones.map((id) => backboneFor(id))) {
    const known = smallest.get(backbone.family)
    if (!known || sizeOf(backbone) < sizeOf(known)) smallest.set(backbone.family, backbone)
  }
  return [...smallest.values()].map(({ id }) => id)
}

/** A side with which a backbone computes and that takes little time. */
export function smallSide(id: string): number {
  const { native, minimum, step } = backboneFor(id).resolution
  return native === minimum || step ? minimum : Math.max(minimum, 32)
}

/**
 * The programs of a TRADES fine-tuning of a backbone: a micro-batch, a step, and a validation batch, each of two images
 * of this side. Only those whose names match `wanted` are lowered.
 */
export function fineTuningPrograms(id: string, side: number, wanted = /./): Promise<BackboneProgram[]> {
  const backbone = backboneFor(id)
  const data: TrainingData = {
    count,
    resolution: side,
    read: async () => ({ images: pixels(side), labels: Int32Array.from([0, 1]) }),
  }
  const fineTuning = () =>
    fineTuneModel({
      model: trainableModel(backbone, classes),
      parameters: () => weightsOf(backbone),
      settings: {
        loss: 'TRADES',
        protocol: { id: 'FFT-1', trains: 'all', epochs: 1 },
        seed: 0,
        hyperparameters: { ...defaultHyperparameters, effectiveBatch: count, microBatch: count },
      },
      training: data,
      validation: data,
    })
  return programsOf('fine-tuning', fineTuning, wanted)
}

/** The forward pass of a backbone, and a block of every attack under every norm, on two images. */
export async function evaluationPrograms(id: string, side: number): Promise<BackboneProgram[]> {
  const backbone = backboneFor(id)
  const parameters = weightsOf(backbone)
  const images = tf.tensor4d(pixels(side), [count, side, side, 3])
  try {
    const logits = (x: Tensor4D, named: Parameters) => backbone.logits(x, named, evaluationMode)
    const forward = deviceFunction(
      (x: Tensor4D, held: Record<string, never>) => logits(x, Parameters.of(Object.entries(held))),
      Object.fromEntries(parameters.entries()) as Record<string, never>,
    )
    const programs = await programsOf('forward', () => forward(images))
    const network = frozenNetwork(logits, parameters, images)
    for (const { name, ball, attack } of attacks())
      programs.push(
        ...(await programsOf(name, () =>
          runEnsemble({
            logits: (x) => logits(x, parameters),
            network,
            ball,
            imageSet: imageSet(images, side),
            attacks: [attack],
            seed: 0,
            batchSize: count,
          }),
        )),
      )
    return programs
  } finally {
    tf.dispose([images, ...[...parameters.entries()].map(([, tensor]) => tensor)])
  }
}

function attacks(): { name: string; ball: ReturnType<typeof ballOf>; attack: Attack }[] {
  return (['Linf', 'L2', 'L1'] as const).flatMap((norm) => {
    const ball = ballOf(norm, 0.1)
    const largest = norm === 'L1' ? 'standard' : 'plus' // `plus` has what `standard` has, and more
    return attacksOf(ensembleOf(largest, norm, classes), ball).map((attack) => ({
      name: `${norm}/${attack.name}`,
      ball,
      attack,
    }))
  })
}

/** Images of two classes; the labels do not matter, since only programs are wanted. */
function imageSet(images: Tensor4D, side: number): ImageSet {
  return {
    digests: ['one', 'two'].map((name) => digestOf(name)),
    labels: [0, 1],
    shape: [side, side, 3],
    read: async (rows) => tf.gather(images, [...rows]),
  }
}

class Lowered extends Error {
  constructor(readonly programs: readonly BackboneProgram[]) {
    super('lowered')
  }
}

/** The programs that work captures first. They are lowered, and the work ends there, before anything is compiled. */
async function programsOf(name: string, work: () => unknown, wanted = /./): Promise<BackboneProgram[]> {
  const { load } = ProgramBuilder.prototype
  ProgramBuilder.prototype.load = function lowering(this: ProgramBuilder) {
    const begun = performance.now()
    const lowered = [...this.lowered(float32, (program) => wanted.test(program))]
    const seconds = (performance.now() - begun) / 1000
    throw new Lowered(lowered.map(([program, each]) => ({ ...each, name: `${name}/${program}`, seconds })))
  }
  try {
    await work()
  } catch (error) {
    if (error instanceof Lowered) return [...error.programs]
    throw error
  } finally {
    ProgramBuilder.prototype.load = load
  }
  throw new Error(`${name} captures no program.`)
}

function weightsOf(backbone: Backbone): Parameters {
  const specifications = backbone.specifications(classes)
  const arrays = specifications.map(({ name, shape, kind }): NamedArray => {
    if (kind === 'counter') return { name, shape, dtype: 'int64', data: new BigInt64Array(elementCount(shape)) }
    return { name, shape, dtype: 'float32', data: new Float32Array(elementCount(shape)).fill(0.01) }
  })
  return toParameters(arrays, specifications)
}

function pixels(side: number): Float32Array {
  return uniform({ seed: 0, purpose: 'pixels' }, count * side * side * 3)
}
