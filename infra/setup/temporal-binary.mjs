import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { cacheFolder } from './cache.mjs'

/** Version of the Temporal command line, which holds the server; `infra/temporal/go.mod` pins the same. */
export const temporalVersion = '1.5.1'
/** The oldest server that is accepted: the one of the pinned version. */
const oldestServer = [1, 29]

/**
 * The path of the binary that set-up builds.
 * @param {NodeJS.ProcessEnv} [environment]
 */
export function cachedTemporal(environment = process.env) {
  return join(cacheFolder(environment), 'temporal', temporalVersion, 'temporal')
}

/**
 * The Temporal binary to use: one on the PATH if its server is new enough, else the one in the cache.
 * @param {NodeJS.ProcessEnv} [environment]
 * @returns {{ command: string, version: string } | undefined}
 */
export function findTemporal(environment = process.env) {
  const folders = (environment['PATH'] ?? '').split(delimiter).filter(Boolean)
  for (const command of [...folders.map((folder) => join(folder, 'temporal')), cachedTemporal(environment)]) {
    const version = temporalVersionOf(command)
    if (version) return { command, version }
  }
  return undefined
}

/**
 * The version of a Temporal binary, if it can be run and its server is new enough.
 * @param {string} command
 */
export function temporalVersionOf(command) {
  try {
    accessSync(command, constants.X_OK)
  } catch {
    return undefined
  }
  const { stdout, status } = spawnSync(command, ['--version'], { encoding: 'utf8', timeout: 10_000 })
  const [, version, major, minor] = /version (\S+) \(Server (\d+)\.(\d+)/.exec(stdout ?? '') ?? []
  const isNewEnough =
    Number(major) > Number(oldestServer[0]) ||
    (Number(major) === oldestServer[0] && Number(minor) >= Number(oldestServer[1]))
  return status === 0 && version && isNewEnough ? version : undefined
}
