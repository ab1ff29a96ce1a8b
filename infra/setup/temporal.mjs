import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { exclusively } from '../../libs/record/files/src/exclusive.mjs'
import { obtainGo } from './go.mjs'
import { runCommand } from './run-command.mjs'
import { SetUpFailed } from './set-up-failed.mjs'
import { cachedTemporal, findTemporal, temporalVersion, temporalVersionOf } from './temporal-binary.mjs'

/** The Go module that pins Temporal and all of its dependencies. */
const moduleFolder = fileURLToPath(new URL('../temporal', import.meta.url))
/** About how many packages the build compiles, for the progress line. */
const packages = 1_300

/**
 * Whether there is a Temporal server to use or to start.
 * @param {NodeJS.ProcessEnv} [environment]
 */
export function temporalIsPresent(environment = process.env) {
  return Boolean(environment['TEMPORAL_ADDRESS']) || findTemporal(environment) !== undefined
}

/**
 * Builds the Temporal command line from its pinned sources into the cache, which takes about three minutes on two
 * cores. What Go fetches and compiles for it lies in the cache too, and is removed at the end, and so does Go itself
 * where the machine has none.
 * @param {object} options
 * @param {(text: string) => void} options.report
 * @param {AbortSignal | undefined} [options.signal]
 * @param {NodeJS.ProcessEnv} [options.environment]
 * @param {string} [options.module] folder of the Go module
 */
export async function installTemporal({ report, signal, environment = process.env, module = moduleFolder }) {
  const target = cachedTemporal(environment)
  const action = async () => {
    if (temporalVersionOf(target)) return
    const work = join(dirname(target), 'build')
    mkdirSync(work, { recursive: true })
    const go = await obtainGo(work, { report, signal, environment })
    await build(go, join(work, 'temporal'), work, module, { report, signal, environment })
    renameSync(join(work, 'temporal'), target)
    rmSync(work, { recursive: true, force: true })
  }
  await exclusively(`${target}.lock`, action, { signal, onWait: () => report('another set-up is building it') })
}

/**
 * @param {string} go
 * @param {string} output path of the binary
 * @param {string} work folder for everything that Go fetches and compiles
 * @param {string} module
 * @param {{ report: (text: string) => void, signal?: AbortSignal | undefined, environment: NodeJS.ProcessEnv }} options
 */
async function build(go, output, work, module, { report, signal, environment }) {
  const folders = { GOMODCACHE: join(work, 'modules'), GOCACHE: join(work, 'objects'), GOTMPDIR: work }
  const env = { ...environment, ...folders, GOFLAGS: '-modcacherw -buildvcs=false', GOWORK: 'off', CGO_ENABLED: '0' }
  const named = `-s -w -X github.com/temporalio/cli/temporalcli.Version=${temporalVersion}`
  let [fetched, compiled] = [0, 0]
  const onLine = (/** @type {string} */ line) => {
    if (line.startsWith('go: downloading ')) report(`fetching modules, ${++fetched}`)
    else if (/^[\w.]+(\/[\w.~-]+)*$/.test(line))
      report(`compiling ${Math.min(++compiled, packages)} of ${packages} packages`)
  }
  report('building from source')
  const args = [
    'build',
    '-trimpath',
    '-mod=readonly',
    '-v',
    '-ldflags',
    named,
    '-o',
    output,
    'github.com/temporalio/cli/cmd/temporal',
  ]
  const { code, output: said } = await runCommand(go, args, { cwd: module, env, signal, onLine })
  if (code !== 0) throw buildFailure(said)
}

/**
 * The sentence for a failure of the build.
 * @param {string} said what Go printed
 */
function buildFailure(said) {
  const line =
    said
      .trim()
      .split('\n')
      .findLast((text) => !text.startsWith('go: downloading')) ?? 'no message'
  if (/no space left on device/i.test(said))
    return new SetUpFailed('The disk is full while Go builds the Temporal server; free 4 GB and start again.')
  if (/requires go >= |unknown directive|toolchain not available/.test(said)) {
    return new SetUpFailed('Go is too old to build the Temporal server; install Go 1.25 or newer (https://go.dev/dl).')
  }
  if (/checksum mismatch|SECURITY ERROR/.test(said)) {
    return new SetUpFailed('A Go module is not the pinned one; set GOPROXY to a proxy you trust and start again.')
  }
  if (/dial tcp|no such host|i\/o timeout|connection re(fused|set)|proxy.*(50\d|403)|lookup /.test(said)) {
    return new SetUpFailed(
      'The Go module proxy cannot be reached to build the Temporal server; check the network or set GOPROXY, or set TEMPORAL_ADDRESS.',
    )
  }
  return new SetUpFailed(
    `Go could not build the Temporal server (${line}); install the Temporal CLI yourself or set TEMPORAL_ADDRESS.`,
  )
}
