import { readFileSync, writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { backboneFor } from '@gauntlet/backbones'
import { tf } from '@gauntlet/engine'
import { trainableModel } from '@gauntlet/training'
import { readSafetensors, toParameters } from '@gauntlet/weights'
import { logMarks } from './executor-log.ts'
import { attackIteration, forwardPass, trainingStep, type ReadyWork, type WorkInputs } from './gauntlet-works.ts'
import { ProcessMemory } from './process-memory.ts'
import { ProgramWatch } from './program-watch.ts'
import { turnMilliseconds, type Assignment, type Prepared, type Profile, type SideQuestion, type Work } from './side.ts'

/*
 * Gauntlet's side of the comparison: the captured model, attack and fine-tuning that the stages run. It reads a
 * question per line and writes an answer per line.
 */

const makers: Readonly<Record<Work, (start: WorkInputs) => ReadyWork>> = {
  'training step': trainingStep,
  'APGD iteration': attackIteration,
  forward: forwardPass,
}

const memory = new ProcessMemory()
const start = workInputs(JSON.parse(process.argv[2]!) as Assignment)
memory.noteLoaded()
const ready = new Map<Work, ReadyWork>()

for await (const line of createInterface({ input: process.stdin })) {
  const answer = await answerTo(JSON.parse(line) as SideQuestion).catch((error: unknown) => ({ error: String(error) }))
  console.log(JSON.stringify(answer))
}
process.exit(0)

async function answerTo(question: SideQuestion): Promise<unknown> {
  switch (question.ask) {
    case 'prepare':
      return prepare(question.work)
    case 'turn':
      return { milliseconds: await turn(question.work) }
    case 'profile':
      return profile(question.work)
    case 'memory':
      return memory.peaks()
  }
}

async function prepare(work: Work): Promise<Prepared> {
  const { watch } = start
  watch.forget()
  const begun = performance.now()
  const made = makers[work](start)
  const checks = { ...(await made.once()) }
  const seconds = (performance.now() - begun) / 1000
  ready.set(work, made)
  memory.restart()
  await made.once() // the difference of the two runs is the time of compiling
  const deviation = `first replay within ${watch.deviation.toExponential(0)} of the eager run`
  const remark = [made.remark, `${watch.nodes} nodes`, deviation].filter(Boolean).join('; ')
  return { seconds, checks, programs: [...watch.seconds, ...watch.compiling()], remark }
}

/**
 * The mean milliseconds of as many runs as fill a turn, one after the other as in a study. After another side's turn
 * the first run finds cold caches and sleeping cores.
 */
async function turn(work: Work, atLeast = turnMilliseconds): Promise<number> {
  const begun = performance.now()
  let count = 0
  for (; count === 0 || performance.now() - begun < atLeast; count++) await ready.get(work)!.once()
  return (performance.now() - begun) / count
}

/** Runs one turn between marks in the log of TensorFlow's executor, which another process reads. */
async function profile(work: Work): Promise<Profile> {
  const times = [await turn(work), await turn(work), await turn(work)].sort((a, b) => a - b)
  writeSync(process.stderr.fd, `${logMarks.begin}\n`)
  const observedMilliseconds = await turn(work, 0)
  writeSync(process.stderr.fd, `${logMarks.end}\n`)
  const remark = `nodes of the captured graph as TensorFlow rewrote it, one after the other, by the executor's log`
  return { milliseconds: times[1]!, observedMilliseconds, operators: [], remark }
}

function workInputs(assignment: Assignment): WorkInputs {
  const backbone = backboneFor(assignment.backbone)
  const [pixels, truth] = arraysOf(assignment.batch)
  const host = { images: pixels!.data as Float32Array, labels: truth!.data as Int32Array }
  return {
    assignment,
    host,
    watch: new ProgramWatch(),
    model: trainableModel(backbone, assignment.classes),
    parameters: () => toParameters(arraysOf(assignment.parameters), backbone.specifications(assignment.classes)),
    images: tf.tensor4d(host.images, pixels!.shape as [number, number, number, number]),
    labels: tf.tensor1d(host.labels, 'int32'),
  }
}

function arraysOf(file: string) {
  return readSafetensors(readFileSync(file)).arrays
}
