import { ProgramBuilder, type NamedTensors, type Program, type ProgramSession, type TensorTree } from '@gauntlet/engine'
import type { ProgramSeconds } from './side.ts'

type Outputs = Readonly<Record<string, TensorTree>>

/**
 * Observes every program that this process captures, loads and runs, so that the code of the stages can be timed
 * unchanged.
 */
export class ProgramWatch {
  /** The times since the last `forget`. */
  seconds: ProgramSeconds[] = []
  /** The largest deviation of a first replay from its eager run. */
  deviation = 0
  nodes = 0
  /** The seconds of each program's first two runs. */
  private readonly runs = new Map<string, number[]>()
  private readonly listeners = new Map<string, (outputs: Outputs) => void>()

  constructor() {
    const { capture } = ProgramBuilder.prototype
    const timed = <Result>(program: string, work: () => Result) => this.timed(program, work)
    const count = (program: Program) => (this.nodes += program.nodes.length)
    const listen = (session: ProgramSession<unknown>) => this.listen(session)
    ProgramBuilder.prototype.capture = function (this: ProgramBuilder, name: string, ...rest: [never, never]) {
      const program = timed(`capture ${name}`, () => capture.call(this, name, ...rest))
      count(program as unknown as Program)
      return program
    } as typeof capture
    const { load } = ProgramBuilder.prototype
    ProgramBuilder.prototype.load = function (this: ProgramBuilder, ...form) {
      const session = timed('load, check unless known', () => load.call(this, ...form))
      listen(session as ProgramSession<unknown>)
      return session
    }
  }

  /**
   * The seconds that each program's first run took longer than its second, if it ran twice. TensorFlow compiles a
   * program when it first runs.
   */
  compiling(): ProgramSeconds[] {
    return [...this.runs].flatMap(([program, [first, second]]) =>
      second === undefined ? [] : [{ program: `compile ${program}`, seconds: Math.max(0, first! - second) }],
    )
  }

  forget(): void {
    this.seconds = []
    this.deviation = 0
    this.nodes = 0
    this.runs.clear()
  }

  /** Calls `listener` with the next outputs of the program `name`. The listener must not keep them. */
  next(name: string, listener: (outputs: Outputs) => void): void {
    this.listeners.set(name, listener)
  }

  private listen(session: ProgramSession<unknown>): void {
    for (const { deviation } of session.agreements.values()) this.deviation = Math.max(this.deviation, deviation)
    const run = session.run.bind(session)
    session.run = <I extends NamedTensors, O extends TensorTree>(program: Program<I, O>, inputs: I): O => {
      const begun = performance.now()
      const outputs = run(program, inputs)
      this.noteRun(program.name, (performance.now() - begun) / 1000)
      const listener = this.listeners.get(program.name)
      if (this.listeners.delete(program.name)) listener!(outputs as Outputs)
      return outputs
    }
  }

  private noteRun(program: string, seconds: number): void {
    this.runs.set(program, [...(this.runs.get(program) ?? []), seconds].slice(0, 2))
  }

  private timed<Result>(program: string, work: () => Result): Result {
    const begun = performance.now()
    const result = work()
    this.seconds.push({ program, seconds: (performance.now() - begun) / 1000 })
    return result
  }
}
