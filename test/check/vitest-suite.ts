import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { VitestReport } from './tally.ts'

/** How a run of vitest ended. */
export interface SuiteRun {
  readonly report: VitestReport
  readonly exitStatus: number
}

/** Runs every test of the workspace, printing vitest's own report, and reads its JSON report. */
export function runVitest(workspace: string): SuiteRun {
  const folder = mkdtempSync(join(tmpdir(), 'gauntlet-vitest-'))
  const file = join(folder, 'report.json')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  try {
    const run = spawnSync(
      join(workspace, 'node_modules/.bin/vitest'),
      ['run', '--config', 'test/vitest.config.ts', ...reporters],
      {
        cwd: workspace,
        stdio: 'inherit',
      },
    )
    return { report: readReport(file), exitStatus: run.status ?? 1 }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Reads the report. A run that died before it wrote one has no results; its exit status makes that a failure. */
function readReport(file: string): VitestReport {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as VitestReport
  } catch {
    return { testResults: [] }
  }
}
