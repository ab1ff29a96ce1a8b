import { spawn, type ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from '@temporalio/client'
import { findTemporal, freePort, TemporalMissing } from '@gauntlet/infra'

/** An empty Temporal server that keeps everything in memory. */
export interface TemporalServer {
  readonly address: string
  /** A namespace that no test has used yet. */
  freshNamespace(): string
  stop(): Promise<void>
}

/** The namespaces of a server. Each test takes one, because the queues of all tests have the same names. */
const namespaces = Array.from({ length: 40 }, (_, index) => `test-${index}`)

/** Starts a server. `settings` are entries of Temporal's dynamic configuration, `name=value`. */
export async function startTemporalServer(settings: readonly string[] = []): Promise<TemporalServer> {
  const found = findTemporal()
  if (!found) throw new TemporalMissing('There is no Temporal server to test with; run `npm run set-up`.')
  const port = await freePort()
  const address = `127.0.0.1:${port}`
  const place = ['--ip', '127.0.0.1', '--port', String(port), '--headless', '--log-level', 'error']
  const named = namespaces.flatMap((name) => ['--namespace', name])
  const dynamic = settings.flatMap((setting) => ['--dynamic-config-value', setting])
  const server = spawn(found.command, ['server', 'start-dev', ...place, ...named, ...dynamic], {
    stdio: 'ignore',
    env: { ...process.env, TEMPORAL_CLI_DISABLE_UPDATE_CHECK: '1' },
  })
  // A test run that is ended early leaves nothing behind.
  process.once('exit', () => server.kill('SIGKILL'))
  await serves(address, server)
  const unused = [...namespaces]
  return {
    address,
    freshNamespace() {
      const next = unused.shift()
      if (next === undefined) throw new Error('More tests than namespaces; raise their number in this file.')
      return next
    },
    stop: () => ended(server),
  }
}

async function serves(address: string, server: ChildProcess): Promise<void> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await sleep(50)) {
    if (server.exitCode !== null) throw new Error(`The Temporal server ended with exit code ${server.exitCode}.`)
    try {
      const connection = await Connection.connect({ address, connectTimeout: '1 s' })
      const { namespaces: listed } = await connection.workflowService.listNamespaces({ pageSize: 100 })
      await connection.close()
      if (listed.length > namespaces.length) return
    } catch {
      // Not yet.
    }
  }
  server.kill('SIGKILL')
  throw new Error('The Temporal server did not serve within 30 s.')
}

function ended(server: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (server.exitCode !== null) return resolve()
    server.once('exit', () => resolve())
    server.kill('SIGKILL')
  })
}
