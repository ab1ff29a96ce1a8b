/** A file to plant in a room as a breach of a wall, and the rule and the words with which lint must refuse it. */
export interface Breach {
  readonly file: string
  readonly source: string
  readonly rule: string
  readonly says: RegExp
}

const boundaries = '@nx(enforce-module-boundaries)'

let planted = 0

/** A breach of the boundary table, in a file of its own. Where it also closes a cycle, Nx reports the cycle instead. */
function wall(folder: string, source: string, says: RegExp): Breach {
  const refusal = new RegExp(`${says.source}|Circular dependency between`)
  return { file: `${folder}/planted-breach-${planted++}.ts`, source, rule: boundaries, says: refusal }
}

/** A Node module in a room that must not import one. The boundary rule does not see it; another rule does. */
function nodeModule(folder: string, source: string): Breach {
  return { ...wall(folder, source, /builtin module/), rule: 'import(no-nodejs-modules)' }
}

/** Breaches of the walls in the table, and every way around them that we know. */
export const breaches: readonly Breach[] = [
  // The vocabulary and the sandbox
  wall('libs/vocabulary/study/src', "import { breach } from '@gauntlet/contract'", /cannot depend on any libs/),
  wall('libs/vocabulary/study/src', "import breach from 'pg'", /room:study.*not allowed to import "pg"/),
  wall(
    'libs/vocabulary/contract/src',
    "import { breach } from '@gauntlet/engine'",
    /room:contract.*can only depend on/,
  ),
  wall(
    'libs/vocabulary/contract/src',
    "import { breach } from '@temporalio/worker'",
    /room:contract.*not allowed to import/,
  ),
  nodeModule('libs/vocabulary/study/src', "import { readFileSync as breach } from 'node:fs'"),
  nodeModule('libs/vocabulary/contract/src', "import { createHash as breach } from 'crypto'"),
  nodeModule('workflows/src', "import { readFileSync as breach } from 'node:fs'"),
  nodeModule('workflows/src', "export const breach = await import('node:child_process')"),
  nodeModule('libs/use/analysis/src', "import { readFileSync as breach } from 'node:fs'"),
  nodeModule('libs/use/report/src', "import { readFileSync as breach } from 'node:fs'"),
  wall('workflows/src', "import { breach } from '@gauntlet/engine'", /layer:workflows.*can only depend on/),
  wall('workflows/src', "import { breach } from '@gauntlet/ledger'", /layer:workflows.*can only depend on/),
  // A worker is a process, not a library: it exports nothing.
  wall(
    'workflows/src',
    "import { breach } from '@gauntlet/ledger-worker'",
    /Only packages defined in the "package.json"/,
  ),
  wall('workflows/src', "import { breach } from '@temporalio/worker'", /layer:workflows.*not allowed to import/),

  // Tensors: the order among the rooms, no Temporal, no rows
  wall('libs/science/engine/src', "import { breach } from '@gauntlet/nn'", /room:engine.*can only depend on/),
  wall(
    'libs/science/backbones/src',
    "import { breach } from '@gauntlet/training'",
    /room:backbones.*can only depend on/,
  ),
  wall(
    'libs/science/backbones/src',
    "import { breach } from '@gauntlet/attacks'",
    /room:backbones.*can only depend on/,
  ),
  wall('libs/science/attacks/src', "import { breach } from '@gauntlet/backbones'", /room:attacks.*can only depend on/),
  wall(
    'libs/science/attacks/src',
    "import { breach } from '@temporalio/activity'",
    /layer:tensors.*not allowed to import/,
  ),
  wall('libs/science/nn/src', "import { breach } from 'drizzle-orm'", /layer:tensors.*not allowed to import/),
  wall(
    'libs/science/nn/src',
    "import { breach } from 'drizzle-orm/node-postgres'",
    /layer:tensors.*not allowed to import/,
  ),
  wall(
    'libs/science/datasets/src',
    "import { breach } from '@gauntlet/artifacts'",
    /layer:tensors.*can only depend on/,
  ),
  wall(
    'libs/science/corruptions/src',
    "import { breach } from '@gauntlet/attacks'",
    /room:corruptions.*can only depend on/,
  ),
  {
    ...wall(
      'libs/science/corruptions/src',
      "import { breach } from '@gauntlet/datasets'",
      /rgb8-image, which loads no reader/,
    ),
    rule: 'eslint(no-restricted-imports)',
  },
  wall('libs/science/weights/src', "import { breach } from '@gauntlet/sources'", /layer:tensors.*can only depend on/),
  wall('libs/science/datasets/src', "import { breach } from '@gauntlet/ledger'", /layer:tensors.*can only depend on/),
  {
    ...wall(
      'libs/science/engine/src',
      "import { breach } from '@gauntlet/files'",
      /temporary-folder, which loads no reader/,
    ),
    rule: 'eslint(no-restricted-imports)',
  },
  wall('libs/science/training/src', "import { breach } from '@gauntlet/files'", /room:training.*can only depend on/),
  wall(
    'libs/science/evaluation/src',
    "import { breach } from '@gauntlet/training'",
    /room:evaluation.*can only depend on/,
  ),

  {
    ...wall('libs/science/evaluation/src', "import { breach } from '@gauntlet/weights'", /safetensors, which loads/),
    rule: 'eslint(no-restricted-imports)',
  },

  // Storage: no tensors, no Temporal; files imports nothing of ours, and no package
  wall('libs/record/files/src', "import { breach } from '@gauntlet/study'", /room:files.*cannot depend on any libs/),
  wall('libs/record/files/src', "import { breach } from '@gauntlet/sources'", /room:files.*cannot depend on any libs/),
  wall('libs/record/files/src', "import { breach } from 'pg'", /room:files.*not allowed to import "pg"/),
  wall(
    'libs/record/ledger/src',
    "import * as breach from '@tensorflow/tfjs-node-gpu'",
    /layer:storage.*not allowed to import/,
  ),
  wall('libs/record/ledger/src', "import { breach } from '@temporalio/client'", /layer:storage.*not allowed to import/),
  wall('libs/record/artifacts/src', "import { breach } from '@gauntlet/engine'", /layer:storage.*can only depend on/),
  wall('libs/record/artifacts/src', "import { breach } from '@gauntlet/ledger'", /layer:storage.*can only depend on/),
  wall('libs/record/sources/src', "import { breach } from '@gauntlet/artifacts'", /layer:storage.*can only depend on/),
  wall('libs/record/seals/src', "import { breach } from '@gauntlet/files'", /room:seals.*can only depend on/),
  wall('libs/record/seals/src', "import breach from 'pg'", /room:seals.*not allowed to import|Only packages/),

  // Workers: no database credentials on GPU machines, no tensors beside the rows
  wall('workers/gpu/src', "import { breach } from '@gauntlet/ledger'", /room:gpu-worker.*can only depend on/),
  wall(
    'workers/gpu/src',
    "export const breach = await import('@gauntlet/ledger')",
    /room:gpu-worker.*can only depend on/,
  ),
  wall('workers/gpu/src', "export { breach } from '@gauntlet/ledger'", /room:gpu-worker.*can only depend on/),
  wall('workers/gpu/src', "import breach from 'pg'", /room:gpu-worker.*not allowed to import/),
  wall('workers/ledger/src', "import { breach } from '@gauntlet/backbones'", /room:ledger-worker.*can only depend on/),
  wall('workers/ledger/src', "import { breach } from '@gauntlet/workflows'", /room:ledger-worker.*can only depend on/),
  {
    ...wall(
      'workers/ledger/src',
      "import { breach } from '@gauntlet/evaluation'",
      /perturbed-images, which load no engine/,
    ),
    rule: 'eslint(no-restricted-imports)',
  },
  {
    ...wall('workers/ledger/src', "import { breach } from '@gauntlet/datasets'", /inspection, which load no engine/),
    rule: 'eslint(no-restricted-imports)',
  },

  // The rooms that people use, and the pure ones
  wall(
    'libs/science/pictures/src',
    "import { breach } from '@gauntlet/evaluation'",
    /layer:pictures.*can only depend on/,
  ),
  wall(
    'libs/science/pictures/src',
    "import breach from 'sharp'",
    /layer:pictures.*not allowed to import|Only packages/,
  ),
  {
    ...wall(
      'libs/use/cli/src',
      "import { breach } from '@gauntlet/evaluation'",
      /perturbed-images, which load no engine/,
    ),
    rule: 'eslint(no-restricted-imports)',
  },
  wall('libs/use/analysis/src', "import { breach } from '@gauntlet/ledger'", /layer:analysis.*can only depend on/),
  wall(
    'libs/use/analysis/src',
    "import * as breach from '@tensorflow/tfjs-node-gpu'",
    /layer:analysis.*not allowed to import/,
  ),
  wall('libs/use/report/src', "import { breach } from '@gauntlet/ledger'", /layer:report.*can only depend on/),
  wall('libs/use/report/src', "import breach from 'pg'", /layer:report.*not allowed to import|Only packages/),
  wall('libs/use/client/src', "import { breach } from '@gauntlet/engine'", /layer:client.*can only depend on/),
  wall('libs/use/exchange/src', "import { breach } from '@gauntlet/analysis'", /room:exchange.*can only depend on/),
  wall(
    'libs/use/audit/src',
    "import { breach } from '@gauntlet/gpu-worker'",
    /layer:audit.*can only depend on|Only packages/,
  ),
  wall('libs/use/audit/src', "import breach from 'pg'", /layer:audit.*not allowed to import|Only packages/),
  wall('libs/use/cli/src', "import { breach } from '@gauntlet/workflows'", /layer:surface.*can only depend on/),
  wall('libs/use/api/src', "import { breach } from '@gauntlet/dashboard'", /room:api.*can only depend on/),
  wall('libs/use/dashboard/page', "import { breach } from '@gauntlet/ledger'", /room:dashboard.*can only depend on/),
  nodeModule('libs/use/dashboard/page', "import { readFileSync as breach } from 'node:fs'"),
  wall('libs/use/cli/src', "import breach from 'pg'", /layer:surface.*not allowed to import/),
  wall('infra/src', "import { breach } from '@gauntlet/client'", /layer:infra.*can only depend on/),
  wall('infra/src', "import { breach } from '@gauntlet/sources'", /layer:infra.*can only depend on/),

  // Ways around the walls
  wall(
    'libs/science/nn/src',
    "import { breach } from '../../attacks/src/index.ts'",
    /cannot be imported by a relative or absolute path/,
  ),
  wall(
    'libs/science/nn/src',
    "import { breach } from 'no-such-package'",
    /Only packages defined in the "package.json"/,
  ),
  wall('libs/science/nn/src', "import { breach } from 'sharp'", /Only packages defined in the "package.json"/),
  {
    ...wall(
      'libs/science/nn/src',
      "export type Breach = import('@gauntlet/ledger').Ledger",
      /type annotations are forbidden/,
    ),
    rule: 'typescript(consistent-type-imports)',
  },

  // Code that would make a result depend on chance or time
  {
    ...wall('libs/science/attacks/src', 'export const breach = Math.random()', /restricted/),
    rule: 'eslint(no-restricted-properties)',
  },
  {
    ...wall('libs/science/training/src', 'export const breach = Date.now()', /restricted/),
    rule: 'eslint(no-restricted-properties)',
  },
  {
    ...wall('workflows/src', "export { condition as breach } from '@temporalio/workflow'", /one-by-one/),
    rule: 'eslint(no-restricted-imports)',
  },
  {
    ...wall('workflows/src', "export { patched as breach } from '@temporalio/workflow'", /patches/),
    rule: 'eslint(no-restricted-imports)',
  },
  {
    ...wall('workflows/src', 'export const breach = Math.random()', /restricted/),
    rule: 'eslint(no-restricted-properties)',
  },
  {
    ...wall('workflows/src', 'export const breach = process.env.HOME', /process/),
    rule: 'eslint(no-restricted-globals)',
  },
]
