import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'node:tls'
import { writeFileAtomically } from '@gauntlet/files'
import { withoutCredentials } from '../credentials.ts'
import { livingProcess } from '../process-record.ts'
import { programProcess } from '../program-starter.ts'
import { ProcessFailedToStart, startProcess } from '../start-process.ts'
import { stopProcess } from '../stop-process.ts'
import { makeReachKeys, reachFiles, reachName, workerFiles } from './keys.ts'

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
  if (await makeReachKeys(absolute)) await stopProcess(absolute, 'reach') // it may run with other keys
  const files = reachFiles(absolute)
  await writeFileAtomically(files.variables, variablesOf(files, reach), 0o600)
  mkdirSync(join(absolute, 'reach'), { recursive: true })
  await writeFileAtomically(files.listen, JSON.stringify(reach))
  try {
    await startReach(absolute)
  } catch (error) {
    closeReach(absolute) // else every later command would fail of it
    throw error
  }
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
  const { host, port } = readReach(listen)
  const main = join(import.meta.dirname, 'main.ts')
  const program = programProcess(main, absolute, host, String(port))
  const started = await startProcess(absolute, { name: 'reach', ...program, env: withoutCredentials(), port })
  for (let waited = 0; waited < 10_000; waited += 50) {
    if (await isServedByUs(absolute, host === '0.0.0.0' ? '127.0.0.1' : host, port)) return
    if (!livingProcess(absolute, 'reach')) break
    await sleep(50)
  }
  await stopProcess(absolute, 'reach')
  throw new ProcessFailedToStart(
    `Workers elsewhere cannot be let in at ${host}:${port}, which another program may have; choose another port with --port, or see ${started.log}.`,
  )
}

/** Where workers elsewhere reach Temporal now, as host:port; undefined where they do not. */
export function reachedAt(home: string): string | undefined {
  return livingProcess(resolve(home), 'reach')?.args.slice(-2).join(':')
}

/** The file of variables for workers elsewhere; undefined where Temporal is not reachable. */
export function reachVariables(home: string): string | undefined {
  const { listen, variables } = reachFiles(resolve(home))
  return existsSync(listen) ? variables : undefined
}

/**
 * Copies what a worker elsewhere needs into a folder that its machine sees and that nobody else may read. Gives the
 * file of variables there; undefined where Temporal is not reachable.
 */
export async function copyReach(home: string, folder: string): Promise<string | undefined> {
  const [from, to] = [reachFiles(resolve(home)), workerFiles(resolve(folder))]
  if (!existsSync(from.listen)) return undefined
  await writeFileAtomically(to.authority, readFileSync(from.authority), 0o600)
  await writeFileAtomically(to.worker.certificate, readFileSync(from.worker.certificate), 0o600)
  await writeFileAtomically(to.worker.key, readFileSync(from.worker.key), 0o600)
  await writeFileAtomically(to.variables, variablesOf(to, readReach(from.listen)), 0o600)
  return to.variables
}

function readReach(listen: string): Reach {
  return JSON.parse(readFileSync(listen, 'utf8')) as Reach
}

function variablesOf({ authority, worker }: ReturnType<typeof workerFiles>, { name, port }: Reach): string {
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

/** Whether the server of this home listens there, and no other program: it has the key of the home's certificate. */
function isServedByUs(home: string, host: string, port: number): Promise<boolean> {
  const { authority, worker } = reachFiles(home)
  return new Promise((done) => {
    const socket = connect({
      host,
      port,
      servername: reachName,
      ca: readFileSync(authority),
      cert: readFileSync(worker.certificate),
      key: readFileSync(worker.key),
      ALPNProtocols: ['h2'],
      timeout: 2_000,
    })
    const finish = (answer: boolean) => {
      socket.destroy()
      done(answer)
    }
    socket.on('secureConnect', () => finish(true))
    socket
      .on('error', () => finish(false))
      .on('timeout', () => finish(false))
      .on('close', () => finish(false))
  })
}
