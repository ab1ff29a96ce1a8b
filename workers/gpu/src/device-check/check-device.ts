import type { CheckedBackbone, CheckedProgram, DeviceCheckAnswer, DeviceRequest } from '@gauntlet/contract'
import {
  engineEnvironment,
  environmentClass,
  observingSessions,
  OutOfMemory,
  ProgramBuilder,
  tf,
  withinDeviceMemory,
} from '@gauntlet/engine'
import { backboneSpeed } from '../bench/backbone-speed.ts'
import { runsOf } from './repeated-runs.ts'
import { torchSpeed } from './torch-speed.ts'

/** Checks the device of this process with each backbone, in the precision of the process. */
export async function checkDevice(
  { backbones, ...sizes }: DeviceRequest,
  report: (progress: Extract<DeviceCheckAnswer, { type: 'progress' }>) => void,
): Promise<Extract<DeviceCheckAnswer, { type: 'done' }>> {
  const environment = engineEnvironment()
  const checked: CheckedBackbone[] = []
  for (const [done, id] of backbones.entries()) {
    const doing = (what: string) =>
      report({ type: 'progress', done, total: backbones.length, doing: `${id}, ${environment.precision}, ${what}` })
    checked.push(await checkedBackbone(id, sizes, doing))
  }
  return {
    type: 'done',
    device: {
      device: environment.device,
      environment: { ...environment },
      environmentClass: environmentClass(environment),
    },
    precision: environment.precision,
    backbones: checked,
    recoversFromOutOfMemory: recoversFromOutOfMemory(),
  }
}

async function checkedBackbone(
  id: string,
  sizes: Omit<DeviceRequest, 'backbones'>,
  doing: (what: string) => void,
): Promise<CheckedBackbone> {
  const programs = new Map<string, CheckedProgram>()
  let during = 'speed'
  const begin = (what: string) => {
    during = what
    doing(what)
  }
  const observe: Parameters<typeof observingSessions>[0] = ({ agreements, costs }) => {
    for (const [program, { deviation }] of agreements) {
      const [name, cost] = [`${during}/${program}`, costs.get(program)]
      const costing = { compileSeconds: cost?.seconds ?? null, bytes: cost?.bytes ?? null }
      if (!programs.has(name)) programs.set(name, { name, deviation, ...costing })
    }
  }
  return observingSessions(observe, async () => {
    const speed = await backboneSpeed(id, sizes, (kind) => begin(kind))
    const { batch, resolution } = speed
    const runs = await runsOf(id, { batch, resolution }, begin)
    begin('PyTorch')
    const ours = { forward: speed.forward, trainingStep: speed.update, apgdIteration: runs.apgdIteration }
    const torch = await torchSpeed({ backbone: id, batch, resolution, precision: engineEnvironment().precision })
    return {
      backbone: id,
      resolution,
      batch,
      programs: [...programs.values()],
      sameBits: runs.sameBits,
      imagesPerSecond: ours,
      torchImagesPerSecond: torch,
    }
  })
}

/** Most bytes of a device whose plugin does not say how many it has, as that of a CPU. */
const assumedRoom = 2 ** 37

/** Loads a program that needs half a terabyte, and then runs a small one. */
function recoversFromOutOfMemory(): boolean {
  try {
    withinDeviceMemory(() => loaded(2 ** 20, 2 ** 17), assumedRoom).dispose()
    return false
  } catch (error) {
    if (!(error instanceof OutOfMemory)) throw error
  }
  loaded(8, 8).dispose()
  return true
}

/** A session of the sum of a product of two matrices, the first of which is [rows, columns] and made in the program. */
function loaded(rows: number, columns: number) {
  const builder = new ProgramBuilder({ start: tf.scalar(1) })
  try {
    builder.capture(
      'product',
      (_, { start }) => {
        const line = (length: number) => tf.range(0, length).add(start)
        const plane = tf.matMul(line(rows).reshape([-1, 1]), line(columns).reshape([1, -1])).tanh()
        return { outputs: { sum: plane.matMul(tf.ones([columns, 1])).sum() } }
      },
      {},
    )
    return builder.load()
  } finally {
    builder.dispose()
  }
}
