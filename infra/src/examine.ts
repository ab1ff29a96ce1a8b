import { existsSync, readFileSync, statfsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { cacheFolder } from '../setup/cache.mjs'
import { findCompiler } from '../setup/compile-binding.mjs'
import { isNewEnough, isNewerThanTried, triedNodes } from '../setup/node-version.mjs'
import { packagesArePresent } from '../setup/packages.mjs'
import { postgresFolder } from '../setup/postgres-links.mjs'
import { findProgram, runCommand } from '../setup/run-command.mjs'
import { findTemporal } from '../setup/temporal-binary.mjs'
import { checkout, examineEngine } from './examine-engine.ts'
import type { Part } from './part.ts'
import { postgresAccount, reachablePostgres } from './postgres-account.ts'
import { postgresVersion } from './postgres.ts'

/** Free bytes that a study's artifacts may need. */
const enoughSpace = 2e9

/** Examines every part that Gauntlet needs on this machine. Starts no service. */
export async function examine(environment: NodeJS.ProcessEnv = process.env, root = checkout): Promise<Part[]> {
  return Promise.all([
    examineNode(),
    examinePackages(root),
    examineCompiler(environment),
    examineTemporal(environment),
    examineGo(environment),
    examineEngine(root),
    examinePostgres(environment),
    examineSpace(environment['GAUNTLET_HOME'] ?? join(root, '.gauntlet'), 'disk of GAUNTLET_HOME'),
    examineSpace(cacheFolder(environment), 'disk of the cache'),
  ])
}

/** Examines Node.js. One that is newer than those tried may work, so it is noted and not a fault. */
export function examineNode(version = process.versions.node): Part {
  const found = { part: 'node', version, where: process.execPath }
  if (!isNewEnough(version))
    return { ...found, state: 'wrong', fix: 'Install Node.js 20.19 or newer (https://nodejs.org).' }
  if (!isNewerThanTried(version)) return { ...found, state: 'ok' }
  const note = `Node.js ${version} is newer than any Gauntlet was tried with; should something fail, use ${triedNodes}.`
  return { ...found, state: 'ok', note }
}

function examinePackages(root: string): Part {
  const where = join(root, 'node_modules')
  const count = existsSync(where) ? Object.keys(installedPackages(join(where, '.package-lock.json'))).length : 0
  if (packagesArePresent(root)) return { part: 'npm packages', state: 'ok', version: `${count} packages`, where }
  return {
    part: 'npm packages',
    state: count > 0 ? 'wrong' : 'missing',
    where,
    fix: 'Run `npm run set-up`, which installs what package-lock.json names.',
  }
}

function installedPackages(file: string): Record<string, unknown> {
  return existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, unknown> }).packages
    : {}
}

async function examineCompiler(environment: NodeJS.ProcessEnv): Promise<Part> {
  const where = findCompiler(environment)
  const fix = 'Install a C++ compiler (Debian: apt install g++) or set CXX; only set-up needs it.'
  if (!where) return { part: 'C++ compiler', state: 'missing', fix }
  const version = await versionOf(where, ['--version'], /(\d+\.\d+(?:\.\d+)?)/)
  return version
    ? { part: 'C++ compiler', state: 'ok', version, where }
    : { part: 'C++ compiler', state: 'wrong', where, fix }
}

/** Go is needed to build the Temporal server, so nothing is wrong without it where there is a server. */
async function examineGo(environment: NodeJS.ProcessEnv): Promise<Part> {
  const where = findProgram(['go'], environment)
  const version = where && (await versionOf(where, ['version'], /go(\d+\.\d+(?:\.\d+)?)/))
  if (where && version) return { part: 'Go', state: 'ok', version, where }
  if (environment['TEMPORAL_ADDRESS'] || findTemporal(environment))
    return { part: 'Go', state: 'ok', version: 'none, and none needed' }
  return { part: 'Go', state: 'ok', version: 'none; set-up fetches it to build Temporal' }
}

function examineTemporal(environment: NodeJS.ProcessEnv): Part {
  const address = environment['TEMPORAL_ADDRESS']
  if (address) return { part: 'Temporal', state: 'ok', version: 'a server of your own', where: address }
  const found = findTemporal(environment)
  if (found) return { part: 'Temporal', state: 'ok', version: found.version, where: found.command }
  return {
    part: 'Temporal',
    state: 'missing',
    fix: 'Run `npm run set-up`, install the Temporal CLI, or set TEMPORAL_ADDRESS.',
  }
}

async function examinePostgres(environment: NodeJS.ProcessEnv): Promise<Part> {
  const part = 'Postgres'
  const address = environment['DATABASE_URL']
  if (address) return { part, state: 'ok', version: 'a server of your own', where: new URL(address).host }
  const folder = postgresFolder()
  if (!folder)
    return { part, state: 'missing', fix: 'Run `npm run set-up`, or set DATABASE_URL to a Postgres of yours.' }
  try {
    const where = join(await reachablePostgres(folder, postgresVersion, postgresAccount()), 'bin', 'postgres')
    const version = await versionOf(where, ['--version'], /(\d+\.\d+)/)
    if (version) return { part, state: 'ok', version, where }
    return { part, state: 'wrong', where, fix: `It does not run; delete ${folder} and run \`npm run set-up\`.` }
  } catch (error) {
    return { part, state: 'wrong', where: folder, fix: (error as Error).message }
  }
}

function examineSpace(folder: string, part: string): Part {
  const { bavail, bsize } = statfsSync(nearestExistingFolder(resolve(folder)))
  const found = { part, version: `${(Math.floor((bavail * bsize) / 1e8) / 10).toFixed(1)} GB free`, where: folder }
  if (bavail * bsize >= enoughSpace) return { ...found, state: 'ok' }
  return {
    ...found,
    state: 'wrong',
    fix: `Free ${enoughSpace / 1e9} GB there, or move it with ${part.endsWith('cache') ? 'GAUNTLET_CACHE' : 'GAUNTLET_HOME'}.`,
  }
}

function nearestExistingFolder(folder: string): string {
  return existsSync(folder) ? folder : nearestExistingFolder(dirname(folder))
}

async function versionOf(command: string, args: string[], pattern: RegExp): Promise<string | undefined> {
  const { code, output } = await runCommand(command, args).catch(() => ({ code: 1, output: '' }))
  return code === 0 ? (pattern.exec(output)?.[1] ?? undefined) : undefined
}
