import type { Command } from 'commander'
import { addAnalyze } from './analyze.ts'
import { addBackbones } from './backbones.ts'
import { addControl } from './control.ts'
import { addDashboard } from './dashboard.ts'
import { addDatasets } from './datasets.ts'
import { addDiff } from './diff.ts'
import { addDoctor } from './doctor.ts'
import { addDoubt } from './doubt.ts'
import { addDown } from './down.ts'
import { addEvaluate } from './evaluate.ts'
import { addExport } from './export.ts'
import { addExtend } from './extend.ts'
import { addGc } from './gc.ts'
import { addImport } from './import.ts'
import { addInit } from './init.ts'
import { addNote } from './note.ts'
import { addPlan } from './plan.ts'
import { addPool } from './pool.ts'
import { addProbe } from './probe.ts'
import { addRank } from './rank.ts'
import { addReport } from './report.ts'
import { addReproduce } from './reproduce.ts'
import { addResults } from './results.ts'
import { addRun } from './run.ts'
import { addSeal } from './seal.ts'
import { addStudies } from './studies.ts'
import { addSubmit } from './submit.ts'
import { addTrace } from './trace.ts'
import { addUp } from './up.ts'
import { addVerify } from './verify.ts'
import { addWatch } from './watch.ts'
import { addWorker } from './worker.ts'

/** Adds every command, in the order of `--help`: set up, run, read. */
export function addCommands(program: Command): Command {
  for (const add of [
    addDoctor,
    addUp,
    addDown,
    addPool,
    addWorker,
    addInit,
    addPlan,
    addRun,
    addEvaluate,
    addSubmit,
    addWatch,
    addControl,
    addExtend,
    addStudies,
    addNote,
    addResults,
    addTrace,
    addVerify,
    addReproduce,
    addDiff,
    addDoubt,
    addDashboard,
    addSeal,
    addExport,
    addImport,
    addRank,
    addAnalyze,
    addReport,
    addBackbones,
    addDatasets,
    addProbe,
    addGc,
  ])
    add(program)
  return program
}
