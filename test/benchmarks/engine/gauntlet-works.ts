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
import {
  batchPositionInvariant,
  ProgramBuilder,
  tf,
  tidyTree,
  type Tensor,
  type Tensor1D,
  type Tensor4D,
} from '@gauntlet/engine'
import { evaluationMode, Parameters } from '@gauntlet/nn'
import { defaultHyperparameters } from '@gauntlet/study'
import { fineTuneModel, type TrainableModel, type TrainingSettings } from '@gauntlet/training'
import type { ProgramWatch } from './program-watch.ts'
import type { Assignment, Prepared } from './side.ts'
import { StepGate } from './step-gate.ts'

/** What all works start from. */
export interface WorkInputs {
  readonly assignment: Assignment
  readonly model: TrainableModel
  /** Reads the parameters from their file. The caller disposes of them. */
  readonly parameters: () => Parameters
  /** The images [batch, side, side, 3] in [0, 1] and labels, int32 [batch], as tensors and as numbers on the host. */
  readonly images: Tensor4D
  readonly labels: Tensor1D
  readonly host: { readonly images: Float32Array; readonly labels: Int32Array }
  readonly watch: ProgramWatch
}

/**
 * A work whose programs are loaded. `once` runs it once; its first result has the numbers by which the sides are
 * compared.
 */
export interface ReadyWork {
  once(): Promise<Prepared['checks']>
  readonly remark?: string
}

/**
 * The forward pass. The weights are state of the program. A run ends when a number that is computed from the logits has
 * arrived on the host.
 */
export function forwardPass(start: WorkInputs): ReadyWork {
  const { network, ...remark } = evaluatedNetwork(start)
  const builder = new ProgramBuilder({ parameters: network.parameters })
  const squares = (images: Tensor, parameters: NamedParameters) =>
    network
      .logits(images as Tensor4D, parameters)
      .square()
      .sum()
  const program = builder.capture(
    'forward',
    ({ images }, state) => ({ outputs: { squares: squares(images, state.parameters) } }),
    { images: start.images },
  )
  const session = builder.finish()
  return {
    ...remark,
    once: async () => ({ 'squared logits': readSum(session.run(program, { images: start.images }).squares) }),
  }
}

/** The second of three iterations, over and over: the run's state stays on the device. */
export function attackIteration(start: WorkInputs): ReadyWork {
  const { images, labels, assignment } = start
  const { network, ...remark } = evaluatedNetwork(start)
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
export function trainingStep(start: WorkInputs): ReadyWork {
  const { model, parameters, host, assignment, watch } = start
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

/** Settings with one batch per epoch, and epochs without end. */
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

/** The model as the stages evaluate and attack it (`frozenNetwork`, `batchPositionInvariant`), or unchanged. */
function evaluatedNetwork({ model, parameters: read, images, assignment }: WorkInputs): {
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
    network: { ...network, logits: batchPositionInvariant(network.logits) },
    ...(network.isFolded && { remark: 'batch norms folded' }),
  }
}

function readSum(values: Tensor): number {
  const sum = (values.dataSync() as Float32Array).reduce((total, value) => total + value, 0)
  values.dispose()
  return sum
}
