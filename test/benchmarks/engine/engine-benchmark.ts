import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { backboneFor } from '@gauntlet/backbones'
import { cacheFolder } from '@gauntlet/infra/cache-folder'
import { writeAssignment, type BenchmarkCase } from './assignment.ts'
import { firstStarts, measureWork } from './measure.ts'
import { parseEngineOptions, type EngineOptions } from './options.ts'
import { logIn, profiled, type ProfiledSide } from './profile.ts'
import { Progress } from './progress.ts'
import { pythonWithTorch } from '../../python-environment.ts'
import { engineReport } from './report.ts'
import { sideOf } from './representatives.ts'
import { keep, type BackboneResult, type Results } from './results.ts'
import { SideFailed, type Side, type Work } from './side.ts'
import { compiledCode, sideFor, sideNames, type SideName } from './sides.ts'

const cache = cacheFolder()

/**
 * Compares Gauntlet with PyTorch: eager, in channels_last, and compiled. It times whole steps of Classic AT with three
 * iterations of APGD, one iteration of APGD, and forward passes, for one backbone of each family. All sides have the
 * same weights, images and threads, and take turns, so that they see the same load of the machine.
 *
 *     npm run bench -- engine --prepare                     fills torch.compile's cache; takes longest
 *     npm run bench -- engine                               everything; some 25 minutes on two quiet cores
 *     npm run bench -- engine --threads 1 --backbones resnet50.a1_in1k,coat_tiny.in1k --works training --rounds 7
 *     npm run bench -- engine --profile resnet50.a1_in1k    where the time goes, by operator
 *
 * Further options: `--all` backbones; `--sides gauntlet,eager`; `--batch`; `--side`, the pixels of backbones that
 * compute with any; `--unfolded`, which leaves batch norms unfolded in forward passes and APGD, and turns
 * torch.compile's freezing off; `--patience`, the seconds that one answer may take; `--json`. An interrupted run
 * reports and keeps what it has measured.
 */
export async function engineBenchmark(given: string[]): Promise<void> {
  const options = parseEngineOptions(given, join(cache, 'benchmarks', 'engine.json'))
  const run = new BenchmarkRun(options, pythonWithTorch(cache))
  process.once('SIGINT', () => void run.interrupt())
  process.once('SIGTERM', () => void run.interrupt())
  await { measure: () => run.measure(), prepare: () => run.prepare(), profile: () => run.profile() }[options.mode]()
}

class BenchmarkRun {
  private readonly results: Results
  private readonly progress: Progress
  /** The sides of the present backbone. */
  private sides: Side[] = []
  private folder: string | undefined

  constructor(
    private readonly options: EngineOptions,
    private readonly python: string,
  ) {
    const machine = `${cpus().length} cores of ${cpus()[0]!.model.trim()}`
    const empty = { backbones: [], complete: false, loads: [] }
    this.results = { date: new Date().toISOString(), machine, load: loadavg()[0]!, options, ...empty }
    this.progress = new Progress(options.backbones.length * options.works.length)
  }

  async measure(): Promise<void> {
    this.warnOfCompiling()
    for (const id of this.options.backbones) {
      await this.withSides(id, this.options.sides, (sides, at) => this.measureBackbone(sides, at))
      this.results.loads.push(loadavg()[0]!)
    }
    this.results.complete = true
    this.finish()
  }

  /** Makes torch.compile compile everything, one backbone after the other, and times only that. */
  async prepare(): Promise<void> {
    for (const id of this.options.backbones) {
      await this.withSides(id, ['compiled'], async ([side], { side: pixels }) => {
        for (const work of this.options.works) {
          this.progress.say(`${id}, ${pixels} px, ${work}`, 'torch.compile compiles')
          const said = await side!
            .ask('prepare', work)
            .then(
              ({ seconds, coldSeconds }) =>
                `first result after ${seconds.toFixed(1)} s, with an empty cache ${coldSeconds?.toFixed(1)} s`,
              failureOf,
            )
          this.progress.end()
          console.log(`${id}, ${work}: ${said}`)
          this.progress.step()
        }
      })
    }
  }

  /** Prints where the time goes, for each side. */
  async profile(): Promise<void> {
    for (const id of this.options.backbones) {
      await this.withSides(id, this.options.sides, async (sides, at, logging) => {
        for (const work of this.options.works) {
          for (const side of sides) {
            this.progress.say(`${id}, ${work}, ${side.name}`, 'profiling')
            const pair: ProfiledSide = side.name === sideNames.gauntlet ? { side, logging } : { side }
            const said = await profiled(pair, work)
            this.progress.end()
            console.log(`### ${id}, ${at.side} px, ${work}, ${side.name}\n\n${said}\n`)
          }
          this.progress.step()
        }
      })
    }
  }

  /** Reports what was measured, and ends the process. */
  async interrupt(): Promise<void> {
    if (this.options.mode === 'measure') this.finish()
    for (const side of this.sides) side.kill()
    if (this.folder) await rm(this.folder, { recursive: true, force: true })
    process.exit(130)
  }

  private async measureBackbone(sides: readonly Side[], at: BackboneResult): Promise<void> {
    this.results.backbones.push(at)
    const heading = `[${this.results.backbones.length}/${this.options.backbones.length}] ${at.id}, ${at.side} px`
    const ours = sides.find(({ name }) => name === sideNames.gauntlet)
    const starting = (work: Work) => this.progress.say(`${heading}, ${work}`, 'first start')
    const first = ours && (await firstStarts(ours, this.options.works, starting))
    for (const work of this.options.works) {
      const how = { ...this.options, firstStart: first?.get(work) }
      at.works.push(await measureWork(work, sides, how, (said) => this.progress.say(`${heading}, ${work}`, said)))
      this.progress.step()
      keep(this.results)
    }
  }

  private async withSides(
    id: string,
    names: readonly SideName[],
    task: (sides: readonly Side[], at: BackboneResult, logging: { side: Side; log: string }) => Promise<void>,
  ): Promise<void> {
    const comparison = this.comparisonFor(id)
    const folder = (this.folder = await mkdtemp(join(tmpdir(), 'gauntlet-benchmark-')))
    try {
      const assignment = await writeAssignment(folder, comparison)
      const { patienceSeconds } = this.options
      const setting = {
        python: this.python,
        cacheFolder: cache,
        programsFolder: join(folder, 'checked'),
        patienceSeconds,
      }
      const sides = names.map((name) => sideFor(name, comparison, assignment, setting))
      const log = logIn(folder)
      const logging = { side: sideFor('gauntlet', comparison, assignment, setting, log), log }
      this.sides = [...sides, logging.side]
      await task(sides, { id, family: backboneFor(id).family, side: comparison.side, works: [] }, logging)
    } finally {
      await Promise.all(this.sides.map((one) => one.stop()))
      await rm(folder, { recursive: true })
    }
  }

  private comparisonFor(backbone: string): BenchmarkCase {
    const { batch, threads, frozen } = this.options
    return { backbone, side: sideOf(backbone, this.options.side), batch, threads, frozen }
  }

  /** Warns that torch.compile takes minutes for each backbone that is not compiled yet. */
  private warnOfCompiling(): void {
    const cold = this.options.backbones.filter((id) => !existsSync(compiledCode(cache, this.comparisonFor(id))))
    if (!this.options.sides.includes('compiled') || cold.length === 0) return
    console.error(
      `torch.compile has to compile ${cold.length} of ${this.options.backbones.length} backbones, some two minutes each; --prepare does so beforehand.`,
    )
  }

  private finish(): void {
    this.progress.end()
    keep(this.results)
    console.log(engineReport(this.results))
    console.log(`All of it: ${this.options.json}`)
  }
}

function failureOf(error: unknown): string {
  if (error instanceof SideFailed) return `failed: ${error.message}`
  throw error
}
