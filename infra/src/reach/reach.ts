import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { createConnection } from 'node:net'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { writeFileAtomically } from '@gauntlet/files'
import { livingProcess } from '../process-record.ts'
import { programProcess } from '../program-starter.ts'
import { ProcessFailedToStart, startProcess } from '../start-process.ts'
import { makeReachKeys, reachFiles, reachName } from './keys.ts'

/** Where workers on other machines reach Temporal. */
export interface Reach {
  /** The address to listen at: `0.0.0.0` for all of this machine's. */
  readonly host: string
  readonly port: number
  /** The name by which other machines call this one. */
  readonly name: string
}

/** The port that is used unless another is asked for. */
export const reachPort = 7243

/**
 * Lets workers on other machines reach Temporal from now on, by mutual TLS with keys that are made at the first time.
 * Gives the file of variables that such a worker needs. Idempotent.
 */
export async function openReach(home: string, wanted: Partial<Reach> = {}): Promise<{ variables: string } & Reach> {
  const absolute = resolve(home)
  const reach = { host: '0.0.0.0', port: reachPort, name: hostname(), ...wanted }
  await makeReachKeys(absolute)
  const files = reachFiles(absolute)
  await writeFileAtomically(files.variables, variablesOf(absolute, reach), 0o600)
  mkdirSync(join(absolute, 'reach'), { recursive: true })
  await writeFileAtomically(files.listen, JSON.stringify(reach))
  await startReach(absolute)
  return { ...reach, variables: files.variables }
}

/** Lets nobody reach Temporal from elsewhere the next time that services are started. */
export function closeReach(home: string): void {
  rmSync(reachFiles(resolve(home)).listen, { force: true })
}

/** Starts what `openReach` opened, if it does not run. */
export async function startReach(home: string): Promise<void> {
  const absolute = resolve(home)
  const { listen } = reachFiles(absolute)
  if (!existsSync(listen)) return
  const { host, port } = JSON.parse(readFileSync(listen, 'utf8')) as Reach
  const main = join(import.meta.dirname, 'main.ts')
  const program = programProcess(main, absolute, host, String(port))
  const env = { DATABASE_URL: undefined, GAUNTLET_DASHBOARD_TOKEN: undefined }
  const started = await startProcess(absolute, { name: 'reach', ...program, env, port })
  for (let waited = 0; waited < 10_000; waited += 50) {
    if (await listens(host === '0.0.0.0' ? '127.0.0.1' : host, port)) return
    if (!livingProcess(absolute, 'reach')) break
    await sleep(50)
  }
  throw new ProcessFailedToStart(`Nothing listens at ${host}:${port}, which may be taken; see ${started.log}.`)
}

/** The file of variables for workers elsewhere; undefined where Temporal is not reachable. */
export function reachVariables(home: string): string | undefined {
  const { listen, variables } = reachFiles(resolve(home))
  return existsSync(listen) ? variables : undefined
}

function variablesOf(home: string, { name, port }: Reach): string {
  const { authority, worker } = reachFiles(home)
  const variables = {
    TEMPORAL_ADDRESS: `${name}:${port}`,
    TEMPORAL_TLS_SERVER_NAME: reachName,
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: authority,
    TEMPORAL_TLS_CLIENT_CERT_PATH: worker.certificate,
    TEMPORAL_TLS_CLIENT_KEY_PATH: worker.key,
  }
  return Object.entries(variables)
    .map(([variable, value]) => `export ${variable}='${value.replaceAll("'", `'\\''`)}'\n`)
    .join('')
}

function listens(host: string, port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = createConnection(port, host)
    socket.on('connect', () => done(true)).on('error', () => done(false))
    socket.on('connect', () => socket.destroy())
  })
}
