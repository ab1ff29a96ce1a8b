import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

/**
 * The checks that read the sources without running them: npm scripts of the root, each with what to do when it fails.
 */
export const staticChecks = {
  'check:format': 'Some files are not formatted: run `npm run format`.',
  'check:lint':
    'Lint found a broken rule or a forbidden import (test/architecture/walls.oxlintrc.json): mend the lines named above.',
  'check:types': 'TypeScript found errors: mend the lines named above.',
  'check:unused':
    'Knip found files, exports or dependencies that are unused or undeclared: remove or declare those named above.',
} as const

export type StaticCheck = keyof typeof staticChecks

/**
 * Runs the static checks through Nx, which runs them side by side and answers from its cache what has not changed.
 * Returns the checks that failed; their output has been printed.
 */
export function runStaticChecks(workspace: string): readonly StaticCheck[] {
  const names = Object.keys(staticChecks) as StaticCheck[]
  const options = ['--projects=gauntlet', `--targets=${names.join(',')}`, '--parallel=2', '--outputStyle=static']
  const run = spawnSync(join(workspace, 'node_modules/.bin/nx'), ['run-many', ...options], {
    cwd: workspace,
    encoding: 'utf8',
    env: { ...process.env, NX_DAEMON: 'false' },
  })
  const output = `${run.stdout ?? ''}${run.stderr ?? ''}`
  if (run.status === 0) return []
  process.stdout.write(output)
  return failedChecks(output, names)
}

/** The checks that Nx lists as failed at its end, or all of them where Nx itself failed and lists none. */
export function failedChecks(output: string, names: readonly StaticCheck[]): readonly StaticCheck[] {
  const list = output.slice(output.lastIndexOf('Failed tasks:'))
  const failed = names.filter((name) => list.includes(`gauntlet:${name}`))
  return failed.length > 0 ? failed : names
}
