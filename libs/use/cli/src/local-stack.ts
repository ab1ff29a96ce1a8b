import { serviceStatus, startPostgres, startProcess, startTemporal, stopServices } from '@gauntlet/infra'
import { migrate } from '@gauntlet/ledger'
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Settings } from './settings.ts'
import { StackUsers } from './stack-users.ts'

const workers = resolve(import.meta.dirname, '../../../../workers')

/** Addresses of what a command talks to. */
export interface Addresses {
  readonly databaseUrl: string
  readonly temporalAddress: string
}

/**
 * Postgres, Temporal and the workers of one home. Every call makes sure of what it needs and starts only what does not
 * run, so it also brings back what was killed. With `DATABASE_URL` and `TEMPORAL_ADDRESS` set it starts nothing: that
 * deployment has its own workers.
 */
export class LocalStack {
  private readonly users: StackUsers

  constructor(private readonly settings: Settings) {
    mkdirSync(settings.home, { recursive: true })
    this.users = new StackUsers(settings.home)
  }

  /**
   * Does `work` as a user of the services. What it starts is stopped after it, unless another command needs it or `up`
   * started it.
   */
  static async use<T>(settings: Settings, work: (stack: LocalStack) => Promise<T>): Promise<T> {
    const stack = new LocalStack(settings)
    await stack.users.enter()
    try {
      return await work(stack)
    } finally {
      await stack.users.leave(() => stopServices(settings.home))
    }
  }

  /** What runs goes on running when this command and every other one has ended. */
  async keep(): Promise<void> {
    await this.users.keep()
  }

  /** The ledger's database, with its tables. */
  async database(): Promise<string> {
    const databaseUrl = this.settings.databaseUrl ?? (await startPostgres(this.settings.home)).databaseUrl
    await migrate(databaseUrl)
    return databaseUrl
  }

  /** Where Temporal is, if one runs; starts none. */
  temporalAddress(): string | undefined {
    const temporal = serviceStatus(this.settings.home).find(
      ({ name, state }) => name === 'temporal' && state === 'running',
    )
    return this.settings.temporalAddress ?? (temporal && `127.0.0.1:${temporal.port}`)
  }

  /** Services and workers. */
  async everything(): Promise<Addresses> {
    const { home, databaseUrl, temporalAddress } = this.settings
    if (databaseUrl && temporalAddress) return { databaseUrl, temporalAddress }
    const [database, temporal] = await Promise.all([
      databaseUrl ?? startPostgres(home).then((started) => started.databaseUrl),
      temporalAddress ?? startTemporal(home).then((started) => started.temporalAddress),
    ])
    const addresses = { databaseUrl: database, temporalAddress: temporal }
    await Promise.all([this.startLedgerWorker(addresses), this.startGpuWorker(addresses)])
    return addresses
  }

  /** Ends the commands that use the services, then the services; what was running of them. */
  async down(): Promise<string[]> {
    const { home } = this.settings
    const running = serviceStatus(home).flatMap(({ name, state }) => (state === 'running' ? [name] : []))
    await this.users.dismiss()
    await this.users.leave(() => stopServices(home))
    return running
  }

  private startLedgerWorker({ databaseUrl, temporalAddress }: Addresses) {
    return this.startWorker('ledger', { DATABASE_URL: databaseUrl, TEMPORAL_ADDRESS: temporalAddress })
  }

  /** GPU workers hold no database credentials. */
  private startGpuWorker({ temporalAddress }: Addresses) {
    return this.startWorker('gpu', { DATABASE_URL: undefined, TEMPORAL_ADDRESS: temporalAddress })
  }

  private startWorker(name: 'ledger' | 'gpu', variables: NodeJS.ProcessEnv) {
    const { home, artifacts, cache } = this.settings
    return startProcess(home, {
      name: `${name}-worker`,
      command: process.execPath,
      args: ['--import', 'tsx', join(workers, name, 'src/main.ts')],
      folder: resolve(workers, '..'),
      env: { GAUNTLET_ARTIFACTS: artifacts, GAUNTLET_CACHE: cache, ...variables },
    })
  }
}
