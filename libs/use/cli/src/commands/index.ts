import type { Command } from 'commander'

type Load = () => Promise<(program: Command) => void>

const control: Load = async () => (await import('./control.ts')).addControl

/** What adds each command, by the groups of `--help` and in their order. */
const groups: Readonly<Record<string, Readonly<Record<string, Load>>>> = {
  'Studies:': {
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
    note: async () => (await import('./note.ts')).addNote,
  },
  'Reading:': {
    studies: async () => (await import('./studies.ts')).addStudies,
    results: async () => (await import('./results.ts')).addResults,
    trace: async () => (await import('./trace.ts')).addTrace,
    rank: async () => (await import('./rank.ts')).addRank,
    analyze: async () => (await import('./analyze.ts')).addAnalyze,
    report: async () => (await import('./report.ts')).addReport,
    diff: async () => (await import('./diff.ts')).addDiff,
    dashboard: async () => (await import('./dashboard.ts')).addDashboard,
  },
  'Audit:': {
    verify: async () => (await import('./verify.ts')).addVerify,
    reproduce: async () => (await import('./reproduce.ts')).addReproduce,
    doubt: async () => (await import('./doubt.ts')).addDoubt,
    seal: async () => (await import('./seal.ts')).addSeal,
    export: async () => (await import('./export.ts')).addExport,
    import: async () => (await import('./import.ts')).addImport,
  },
  'Data and models:': {
    datasets: async () => (await import('./datasets.ts')).addDatasets,
    backbones: async () => (await import('./backbones.ts')).addBackbones,
    probe: async () => (await import('./probe.ts')).addProbe,
  },
  'Machine:': {
    doctor: async () => (await import('./doctor.ts')).addDoctor,
    up: async () => (await import('./up.ts')).addUp,
    down: async () => (await import('./down.ts')).addDown,
    pool: async () => (await import('./pool.ts')).addPool,
    worker: async () => (await import('./worker.ts')).addWorker,
    gc: async () => (await import('./gc.ts')).addGc,
  },
}

/**
 * Adds the command that these arguments call, or every command where they call none, as `--help` does. Only what is
 * added is loaded: all of it takes two seconds.
 */
export async function addCommands(program: Command, args: readonly string[]): Promise<Command> {
  const called = args.find((argument) => !argument.startsWith('-')) ?? ''
  const isCommand = Object.values(groups).some((commands) => Object.hasOwn(commands, called))
  for (const [heading, commands] of Object.entries(groups)) {
    program.commandsGroup(heading)
    const added = Object.entries(commands).filter(([name]) => !isCommand || name === called)
    for (const load of new Set(added.map(([, load]) => load))) (await load())(program)
  }
  return program.commandsGroup('Help:').helpCommand(true)
}
