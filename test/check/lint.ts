import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The result of one run of the linter. */
export interface LintRun {
  readonly passed: boolean
  readonly output: string
}

/** A room in the project graph. */
interface Project {
  readonly data: { readonly root: string; readonly tags?: readonly string[] }
}

/** The walls cannot be checked, so lint must not pass. The message says what to change. */
export class WallsUnchecked extends Error {
  override readonly name = 'WallsUnchecked'
}

/**
 * Lints a workspace, its walls included. The boundary rule reads the project graph that Nx keeps on disk, and skips
 * itself with a warning where there is none. Therefore the graph is made first, every room must have a layer in it, and
 * a skipped rule is a failure.
 */
export function lint(workspace: string, options: readonly string[] = []): LintRun {
  refuseUntaggedRooms(createProjectGraph(workspace))
  return runOxlint(workspace, options)
}

/** Runs oxlint alone, with the project graph that is on disk. */
export function runOxlint(workspace: string, options: readonly string[]): LintRun {
  const run = runProgram('oxlint', ['--deny-warnings', ...options], workspace)
  const output = `${run.stdout}${run.stderr}`
  if (/No cached ProjectGraph|rule will be skipped/.test(output)) {
    throw new WallsUnchecked(
      'Nx skipped the boundary rule for want of a project graph; run `npx nx reset`, then lint again.',
    )
  }
  return { passed: run.status === 0, output }
}

/** Makes Nx write its project graph to disk and returns the projects in it, by name. */
export function createProjectGraph(workspace: string): Readonly<Record<string, Project>> {
  const folder = mkdtempSync(join(tmpdir(), 'gauntlet-graph-'))
  const file = join(folder, 'graph.json')
  try {
    const run = runProgram('nx', ['graph', `--file=${file}`], workspace)
    if (run.status !== 0)
      throw new WallsUnchecked(`Nx could not make the project graph: ${run.stderr.trim() || run.stdout.trim()}`)
    return (JSON.parse(readFileSync(file, 'utf8')) as { graph: { nodes: Record<string, Project> } }).graph.nodes
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Refuses a room without a layer, to which no rule would apply. The root project ('.') has no code. */
function refuseUntaggedRooms(projects: Readonly<Record<string, Project>>): void {
  const rooms = Object.entries(projects).filter(([, project]) => project.data.root !== '.')
  if (rooms.length === 0) throw new WallsUnchecked('The project graph is empty; run `npx nx reset`, then lint again.')
  const untagged = rooms.filter(([, project]) => !project.data.tags?.some((tag) => tag.startsWith('layer:')))
  if (untagged.length > 0) {
    throw new WallsUnchecked(
      `${untagged.map(([name]) => name).join(', ')}: give the package.json an \`nx.tags\` with a layer.`,
    )
  }
}

/**
 * Runs a program of the workspace's node_modules, without the variables that an Nx task around this process has set.
 */
function runProgram(program: string, parameters: readonly string[], workspace: string) {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('NX_'))
  const env = { ...Object.fromEntries(inherited), NX_DAEMON: 'false' }
  return spawnSync(join(workspace, 'node_modules', '.bin', program), parameters, {
    cwd: workspace,
    encoding: 'utf8',
    env,
    maxBuffer: 64 * 2 ** 20,
  })
}
