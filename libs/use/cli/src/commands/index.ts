import type { Command } from 'commander'

type Load = () => Promise<(program: Command) => void>

const control: Load = async () => (await import('./control.ts')).addControl

/** What adds each command, in the order of `--help`: set up, run, read. */
const commands: Readonly<Record<string, Load>> = {
  doctor: async () => (await import('./doctor.ts')).addDoctor,
  up: async () => (await import('./up.ts')).addUp,
  down: async () => (await import('./down.ts')).addDown,
  pool: async () => (await import('./pool.ts')).addPool,
  worker: async () => (await import('./worker.ts')).addWorker,
  init: async () => (await import('./init.ts')).addInit,
  plan: async () => (await import('./plan.ts')).addPlan,
  run: async () => (await import('./run.ts')).addRun,
  evaluate: async () => (await import('./evaluate.ts')).addEvaluate,
  submit: async () => (await import('./submit.ts')).addSubmit,
  watch: async () => (await import('./watch.ts')).addWatch,
  pause: control,
  resume: control,
  retry: control,
  cancel: control,
  extend: async () => (await import('./extend.ts')).addExtend,
  studies: async () => (await import('./studies.ts')).addStudies,
  note: async () => (await import('./note.ts')).addNote,
  results: async () => (await import('./results.ts')).addResults,
  trace: async () => (await import('./trace.ts')).addTrace,
  verify: async () => (await import('./verify.ts')).addVerify,
  reproduce: async () => (await import('./reproduce.ts')).addReproduce,
  diff: async () => (await import('./diff.ts')).addDiff,
  doubt: async () => (await import('./doubt.ts')).addDoubt,
  dashboard: async () => (await import('./dashboard.ts')).addDashboard,
  seal: async () => (await import('./seal.ts')).addSeal,
  export: async () => (await import('./export.ts')).addExport,
  import: async () => (await import('./import.ts')).addImport,
  rank: async () => (await import('./rank.ts')).addRank,
  analyze: async () => (await import('./analyze.ts')).addAnalyze,
  report: async () => (await import('./report.ts')).addReport,
  backbones: async () => (await import('./backbones.ts')).addBackbones,
  datasets: async () => (await import('./datasets.ts')).addDatasets,
  probe: async () => (await import('./probe.ts')).addProbe,
  gc: async () => (await import('./gc.ts')).addGc,
}

/**
 * Adds the command that these arguments call, or every command where they call none, as `--help` does. Only what is
 * added is loaded: all of it takes two seconds.
 */
export async function addCommands(program: Command, args: readonly string[]): Promise<Command> {
  const called = args.find((argument) => !argument.startsWith('-')) ?? ''
  const loads = Object.hasOwn(commands, called) ? [commands[called]!] : new Set(Object.values(commands))
  for (const load of loads) (await load())(program)
  return program
}
