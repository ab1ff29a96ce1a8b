import {
  apgdStart,
  apgdStep,
  apgdStepInputs,
  crossEntropy,
  frozenNetwork,
  linf,
  stepInputsAt,
  type ApgdState,
  type NamedParameters,
  type Network,
} from '@gauntlet/attacks'
import { placeless, ProgramBuilder, tf, tidyTree, type Tensor, type Tensor1D, type Tensor4D } from '@gauntlet/engine'
import { evaluationMode, Parameters } from '@gauntlet/nn'
import { defaultHyperparameters } from '@gauntlet/study'
import { fineTuneModel, type TrainableModel, type TrainingSettings } from '@gauntlet/training'
import type { ProgramWatch } from './program-watch.ts'
import type { Assignment, Prepared } from './side.ts'
import { StepGate } from './step-gate.ts'

/** What all works start from. */
export interface Workplace {
  readonly assignment: Assignment
  readonly model: TrainableModel
  /** Reads what all works start from; the caller's to dispose of. */
  readonly parameters: () => Parameters
  /** [batch, side, side, 3] in [0, 1], and int32 [batch]; as tensors and as numbers of the host. */
  readonly images: Tensor4D
  readonly labels: Tensor1D
  readonly host: { readonly images: Float32Array; readonly labels: Int32Array }
  readonly watch: ProgramWatch
}

/** A work that has programs. `once` gives the numbers that the sides are compared by at its first run. */
export interface ReadyWork {
  once(): Promise<Prepared['checks']>
  readonly remark?: string
}

/** Logits, the weights being state of the program. Ends when a number computed from them has come to the host. */
export function forward(place: Workplace): ReadyWork {
  const { network, ...remark } = evaluatedNetwork(place)
  const builder = new ProgramBuilder({ parameters: network.parameters })
  const squares = (images: Tensor, parameters: NamedParameters) =>
    network
      .logits(images as Tensor4D, parameters)
      .square()
      .sum()
  const program = builder.capture(
    'forward',
    ({ images }, state) => ({ outputs: { squares: squares(images, state.parameters) } }),
    { images: place.images },
  )
  const session = builder.finish()
  return {
    ...remark,
    once: async () => ({ 'squared logits': readSum(session.run(program, { images: place.images }).squares) }),
  }
}

/** The second of three iterations, over and over: the run's state stays on the device. */
export function attackIteration(place: Workplace): ReadyWork {
  const { images, labels, assignment } = place
  const { network, ...remark } = evaluatedNetwork(place)
  const settings = { ball: linf(assignment.attackEpsilon), loss: crossEntropy }
  const stepInputs = apgdStepInputs(settings.ball, assignment.attackIterations)
  const batch = { images, labels }
  const step = (parameters: NamedParameters, given: typeof batch, state: ApgdState, number: number) =>
    tidyTree(() => {
      const ofStep = stepInputsAt(stepInputs, tf.scalar(number, 'int32'), labels.shape[0])
      const logits = (points: Tensor4D) => network.logits(points, parameters)
      return apgdStep(settings, { ...given, logits, targets: given.labels }, state, ofStep)
    })
  const begun = step(network.parameters, batch, apgdStart(settings, images, images), 0)
  const builder = new ProgramBuilder({ parameters: network.parameters, run: begun.state })
  const program = builder.capture(
    'iterate',
    (inputs, state) => {
      const { state: run } = step(state.parameters, inputs as typeof batch, state.run, 2)
      return { outputs: { loss: run.loss }, state: { run } }
    },
    batch,
  )
  const session = builder.finish()
  return { ...remark, once: async () => ({ loss: readSum(session.run(program, { images, labels }).loss) }) }
}

/** One step of `fineTuneModel` by Classic AT of everything: what the stage runs, but for the reading of images. */
export function trainingStep(place: Workplace): ReadyWork {
  const { model, parameters, host, assignment, watch } = place
  const gate = new StepGate()
  const numbers: Record<string, number> = {}
  watch.next('step', ({ numbers: sums }) => {
    const [loss, , , square] = (sums as Tensor).dataSync()
    Object.assign(numbers, { loss: loss! / host.labels.length, 'gradient norm': Math.sqrt(square!) })
  })
  const read = async () => {
    await gate.pass()
    return host
  }
  const training = { count: host.labels.length, resolution: assignment.side, read }
  const settings = settingsOf(assignment, host.labels.length)
  void fineTuneModel({ model, parameters, settings, training }).catch((error: unknown) => gate.fail(error))
  return {
    once: async () => {
      await gate.step()
      return numbers
    },
  }
}

/** One batch an epoch, for as long as anybody asks. */
function settingsOf(
  { attackEpsilon, attackIterations, learningRate, weightDecay }: Assignment,
  batch: number,
): TrainingSettings {
  const rates = { learningRateBackbone: learningRate, learningRateHead: learningRate }
  const decays = { weightDecayBackbone: weightDecay, weightDecayHead: weightDecay }
  const sizes = { effectiveBatch: batch, microBatch: batch }
  return {
    loss: 'Classic AT',
    protocol: { id: 'FFT', trains: 'all', epochs: 1_000_000 },
    seed: 0,
    hyperparameters: { ...defaultHyperparameters, ...rates, ...decays, ...sizes, attackEpsilon, attackIterations },
  }
}

/** The model as the stages evaluate and attack it (`frozenNetwork`, `placeless`), or as it comes. */
function evaluatedNetwork({ model, parameters: read, images, assignment }: Workplace): {
  network: Network
  remark?: string
} {
  const parameters = read()
  const logits = (points: Tensor4D, given: Parameters) => model.logits(points, given, evaluationMode)
  if (!assignment.frozen) {
    const asItComes: Network = {
      parameters: Object.fromEntries(parameters.entries()),
      logits: (points, named) => logits(points, Parameters.of(Object.entries(named))),
    }
    return { network: asItComes }
  }
  const network = frozenNetwork(logits, parameters, images)
  return {
    network: { ...network, logits: placeless(network.logits) },
    ...(network.isFolded && { remark: 'batch norms folded' }),
  }
}

function readSum(values: Tensor): number {
  const sum = (values.dataSync() as Float32Array).reduce((total, value) => total + value, 0)
  values.dispose()
  return sum
}
