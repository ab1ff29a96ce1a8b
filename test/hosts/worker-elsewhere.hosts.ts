import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { freePort, openReach } from '@gauntlet/infra'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { GauntletHome, until } from '../end-to-end/gauntlet-home.fixture.ts'

/*
 * A GPU worker in a network of its own, from which one address can be reached: that of the machine with Temporal, as on
 * a compute node. There is no way from it to the internet, and none to Postgres. The quickstart takes some minutes.
 */

const gauntlet = resolve(import.meta.dirname, '../../libs/use/cli/bin/gauntlet.mjs')
const [namespace, here, there] = [`gauntlet-${process.pid}`, '10.198.77.1', '10.198.77.2']
const home = new GauntletHome({ variables: { GAUNTLET_DEVICE: 'cpu', GAUNTLET_DEVICES: '2' } })
const workers: ChildProcess[] = []
let port: number

beforeAll(async () => {
  const link = `g${process.pid}`
  ip('netns', 'add', namespace)
  ip('link', 'add', link, 'type', 'veth', 'peer', 'name', 'uplink', 'netns', namespace)
  ip('addr', 'add', `${here}/30`, 'dev', link)
  ip('link', 'set', link, 'up')
  ip('-n', namespace, 'addr', 'add', `${there}/30`, 'dev', 'uplink')
  for (const name of ['lo', 'uplink']) ip('-n', namespace, 'link', 'set', name, 'up')
  port = await freePort()
  await home.succeed('up', '--reachable', '--name', here, '--host', here, '--port', String(port))
  await home.succeed('pool', 'declare', 'elsewhere', '--class', 'cpu')
})

afterAll(async () => {
  for (const { pid } of workers.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null))
    process.kill(pid!, 'SIGKILL')
  await home.remove()
  ip('netns', 'delete', namespace) // takes the link with it
})

it('a worker without the key of the home is refused', async () => {
  const worker = startWorker({ TEMPORAL_ADDRESS: `${here}:${port}` })
  const [code] = (await once(worker.process, 'exit')) as [number]
  expect(code).not.toBe(0)
  expect(worker.printed()).not.toContain('ready')
})

it('the quickstart runs on a worker that reaches Temporal alone', async () => {
  const { variables } = await openReach(home.folder, { name: here, host: here, port })
  const worker = startWorker(variablesIn(readFileSync(variables, 'utf8')))
  await until('the worker is ready', () => worker.printed().includes(' ready: '))
  for (const address of ['1.1.1.1:443', `${here}:${postgresPort()}`, `127.0.0.1:${postgresPort()}`])
    expect(reaches(address), address).toBe(false)
  expect(reaches(`${here}:${port}`)).toBe(true)
  await home.succeed('run', 'quickstart', '--pool', 'elsewhere')
  expect(await home.json<unknown[]>('results', 'quickstart')).toHaveLength(25)
  expect(home.running()).not.toContain('gpu-worker')
  worker.process.kill('SIGTERM')
  expect(await once(worker.process, 'exit')).toEqual([0, null])
}, 1_500_000)

function startWorker(reach: NodeJS.ProcessEnv): { process: ChildProcess; printed: () => string } {
  const { DATABASE_URL: _, ...inherited } = process.env
  const own = {
    GAUNTLET_HOME: home.folder,
    GAUNTLET_ARTIFACTS: `file://${encodeURI(join(home.folder, 'artifacts'))}`,
    GAUNTLET_DEVICE: 'cpu',
    GAUNTLET_DEVICES: '2',
  }
  const args = ['netns', 'exec', namespace, process.execPath, gauntlet, 'worker', '--pool', 'elsewhere']
  const child = spawn('ip', args, { env: { ...inherited, ...own, ...reach }, stdio: 'pipe' })
  workers.push(child)
  let printed = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => void (printed += text))
  return { process: child, printed: () => printed }
}

/** The variables of a file that a shell reads. */
function variablesIn(text: string): NodeJS.ProcessEnv {
  return Object.fromEntries([...text.matchAll(/^export (\w+)='(.*)'$/gm)].map(([, name, value]) => [name, value]))
}

/** Whether a connection from the worker's network is taken. */
function reaches(address: string): boolean {
  const [host, at] = address.split(':')
  const script = `require('net').connect({host:'${host}',port:${at},timeout:2000}).on('connect',()=>process.exit(0)).on('timeout',()=>process.exit(1)).on('error',()=>process.exit(1))`
  try {
    ip('netns', 'exec', namespace, process.execPath, '-e', script)
    return true
  } catch {
    return false
  }
}

function postgresPort(): number {
  return home.services().find(({ name }) => name === 'postgres')!.port!
}

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: 'pipe' })
}
