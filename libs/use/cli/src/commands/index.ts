import type { Command } from 'commander'

import { addBackbones } from './backbones.ts'
import { addDashboard } from './dashboard.ts'
import { addDoctor } from './doctor.ts'
import { addDown } from './down.ts'
import { addPlan } from './plan.ts'
import { addProbe } from './probe.ts'
import { addResults } from './results.ts'
import { addRun } from './run.ts'
import { addTrace } from './trace.ts'
import { addUp } from './up.ts'
import { addWatch } from './watch.ts'

/** Adds every command, in the order of `--help`: set up, run, read. */
export function addCommands(program: Command): Command {
  for (const add of [
    addDoctor,
    addUp,
    addDown,
    addPlan,
    addRun,
    addWatch,
    addResults,
    addTrace,
    addDashboard,
    addBackbones,
    addProbe,
  ])
    add(program)
  return program
}
