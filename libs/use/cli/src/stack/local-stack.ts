import {
  ProcessNeeded,
  programProcess,
  serviceStatus,
  startPostgres,
  startProcess,
  startReach,
  startTemporal,
  stopServices,
  withoutCredentials,
  type LivingProcess,
  type ProcessSpecification,
} from '@gauntlet/infra'
import { makeFolder } from '@gauntlet/files'
import { migrate, requireLedger } from '@gauntlet/ledger'
import { join } from 'node:path'
import { checkout } from '../checkout.ts'
import { CommandFailed } from '../command-failed.ts'
import { confirm } from '../confirm.ts'
import type { CommandSettings } from '../settings.ts'
import { StackUsers } from './stack-users.ts'
import { isSameEnvironment, workerVersion } from './worker-version.ts'

/**
 * How long a GPU worker may take to end, as the files in `infra/pools` give it too: two minutes for its stages to stop
 * at a checkpoint, and a minute to write it and to report. One without a stage ends at once.
 */
const gpuDrainMilliseconds = 180_000

/** The addresses of the services that a command talks to. */
export interface Addresses {
  readonly databaseUrl: string
  readonly temporalAddress: string
}

/**
 * Postgres, Temporal and the workers of one home. Every call starts what it needs and does not run, so it also restarts
 * what was killed. Workers that were started from other sources or in another environment are drained and replaced.
 * What another command has begun goes on by the workflows and the code that it began with, where only sources are
 * other ones; in another environment it could not, and this command fails and says so. With `DATABASE_URL` and
 * `TEMPORAL_ADDRESS` set it starts nothing, because that deployment has its own workers.
 */
export class LocalStack {
  private readonly users: StackUsers
  /** The version of the workers when this command began, so that an edit while it runs replaces no worker by itself. */
  private version: string | undefined
  private fetches = false
  /** The workers that this command has started or found, which another one may replace from then on. */
  private readonly found = new Set<string>()

  constructor(private readonly settings: CommandSettings) {
    this.users = new StackUsers(settings.home)
  }

  /**
   * Runs `work` as a user of the services. What it started is stopped after it, unless another command needs it or `up`
   * started it. Where all services are the user's own, nothing is started here and hosts may share the home.
   */
  static async use<T>(settings: CommandSettings, work: (stack: LocalStack) => Promise<T>): Promise<T> {
    const stack = new LocalStack(settings)
    if (settings.databaseUrl && settings.temporalAddress) return work(stack)
    makeFolder(settings.cache)
    await stack.users.enter()
    try {
      return await work(stack)
    } finally {
      await stack.users.leave(() => stopServices(settings.home, { onWait: sayWait }))
    }
  }

  /**
   * Starts, from now on, no GPU worker here but one on the CPU that fetches sources, for pools on other machines which
   * have no network.
   */
  onlyFetch(): void {
    this.fetches = true
  }

  /** Keeps the services running after this command and every other one has ended. */
  async keep(): Promise<void> {
    await this.users.keep()
  }

  /**
   * The URL of the ledger's database, which runs and has its tables. Where the database is the user's own, `create`
   * says whether tables may be made in it; by default the user is asked.
   */
  async database(create?: () => Promise<boolean>): Promise<string> {
    const { databaseUrl } = this.settings
    if (!databaseUrl) return this.localDatabase()
    const question = `The database that DATABASE_URL names has no ledger of Gauntlet. Make one, in a schema of its own?`
    await migrate(databaseUrl, create ?? (() => confirm(question)))
    return databaseUrl
  }

  /** As `database`, for commands that only read, which change nothing in a database of the user's own. */
  async databaseToRead(): Promise<string> {
    const { databaseUrl } = this.settings
    if (!databaseUrl) return this.localDatabase()
    await requireLedger(databaseUrl)
    return databaseUrl
  }

  private async localDatabase(): Promise<string> {
    const { databaseUrl } = await startPostgres(this.settings.home)
    await migrate(databaseUrl)
    return databaseUrl
  }

  /** The address of Temporal, if one runs; starts none. */
  temporalAddress(): string | undefined {
    const { home, temporalAddress } = this.settings
    if (temporalAddress) return temporalAddress
    const temporal = serviceStatus(home).find(({ name, state }) => name === 'temporal' && state === 'running')
    return temporal && `127.0.0.1:${temporal.port}`
  }

  /** Starts the services and workers that do not run, and gives the addresses of the services. */
  async everything(): Promise<Addresses> {
    const { home, databaseUrl, temporalAddress } = this.settings
    if (databaseUrl && temporalAddress) return { databaseUrl, temporalAddress }
    const [database, temporal] = await allEnded([
      databaseUrl ?? startPostgres(home).then((started) => started.databaseUrl),
      temporalAddress ?? startTemporal(home).then((started) => started.temporalAddress),
    ])
    const addresses = { databaseUrl: database, temporalAddress: temporal }
    const worker = this.fetches ? this.startFetchWorker(addresses) : this.startGpuWorker(addresses)
    const reach = temporalAddress ? undefined : startReach(home)
    await allEnded([this.startLedgerWorker(addresses), worker, reach])
    if (this.fetches) await this.startPoolTender(addresses)
    return addresses
  }

  /**
   * Ends the commands that use the services, and then the services. Gives the names of those that ran. Fails where a
   * command does not end within `limitMilliseconds`, which keeps the services.
   */
  async down(limitMilliseconds = 20_000): Promise<string[]> {
    const { home } = this.settings
    const running = () => serviceStatus(home).flatMap(({ name, state }) => (state === 'running' ? [name] : []))
    const before = running()
    await this.users.endOthers(limitMilliseconds)
    await this.users.leave(() => stopServices(home, { onWait: sayWait }))
    const [user] = this.users.others()
    if (user !== undefined && running().length > 0)
      throw new CommandFailed(
        `The services go on, because a command that uses them (pid ${user}) was asked to end and has not within ${limitMilliseconds / 1_000} s; they stop when it ends, or end it with: kill -9 ${user}, and call npx gauntlet down again.`,
      )
    return before
  }

  private startLedgerWorker({ databaseUrl, temporalAddress }: Addresses) {
    return this.startWorker('ledger', { DATABASE_URL: databaseUrl, TEMPORAL_ADDRESS: temporalAddress })
  }

  private startGpuWorker({ temporalAddress }: Addresses) {
    return this.startWorker('gpu', { ...withoutCredentials(), TEMPORAL_ADDRESS: temporalAddress })
  }

  private startFetchWorker({ temporalAddress }: Addresses) {
    const onCpu = { GAUNTLET_POOL: this.settings.fetchPool, GAUNTLET_DEVICE: 'cpu', GAUNTLET_DEVICES: '1' }
    return this.startWorker('gpu', { ...withoutCredentials(), TEMPORAL_ADDRESS: temporalAddress, ...onCpu }, 'fetch')
  }

  /** Looks after the pools whose workers SLURM starts. It is given addresses, so that it is no user of the services. */
  private startPoolTender({ databaseUrl, temporalAddress }: Addresses) {
    const { home, artifacts, cache } = this.settings
    return startProcess(home, {
      name: 'pool-tender',
      ...programProcess(join(import.meta.dirname, '../main.ts'), 'pool', 'tend'),
      folder: checkout,
      env: {
        GAUNTLET_HOME: home,
        GAUNTLET_ARTIFACTS: artifacts,
        GAUNTLET_CACHE: cache, // absolute: the tender runs in another folder
        DATABASE_URL: databaseUrl,
        TEMPORAL_ADDRESS: temporalAddress,
      },
    })
  }

  private async startWorker(kind: 'ledger' | 'gpu', variables: NodeJS.ProcessEnv, name: string = kind) {
    const { home } = this.settings
    try {
      const worker = await startProcess(home, this.workerProcess(kind, variables, name))
      this.found.add(name)
      return worker
    } catch (error) {
      if (!(error instanceof ProcessNeeded)) throw error
      throw new CommandFailed(
        `Another command is using the workers under ${home}, which were started in another environment; wait until it has ended, or set GAUNTLET_HOME to another folder.`,
      )
    }
  }

  private workerProcess(kind: 'ledger' | 'gpu', variables: NodeJS.ProcessEnv, name: string): ProcessSpecification {
    const { artifacts, cache } = this.settings
    this.version ??= workerVersion()
    const isAlike = ({ version }: LivingProcess) => isSameEnvironment(version, this.version)
    return {
      name: `${name}-worker`,
      ...(kind === 'gpu' ? { drainMilliseconds: gpuDrainMilliseconds } : {}),
      onWait: sayWait,
      ...programProcess(join(checkout, 'workers', kind, 'src/main.ts')),
      folder: checkout,
      env: {
        GAUNTLET_ARTIFACTS: artifacts,
        GAUNTLET_CACHE: cache,
        GAUNTLET_DASHBOARD_TOKEN: undefined, // no secret that workers need
        ...variables,
      },
      version: this.version,
      mayReplace: (living) => this.users.areNone() || isAlike(living),
      keeps: (living) => this.found.has(name) && isAlike(living),
    }
  }
}

/** As `Promise.all`, but fails only when all have ended, so that nothing starts after the caller has stopped it all. */
async function allEnded<const Works extends readonly unknown[]>(works: Works) {
  await Promise.allSettled(works)
  return Promise.all(works)
}

function sayWait(name: string, limitSeconds: number): void {
  console.error(`Waiting until ${name} has saved what it works at and has ended, ${limitSeconds} s at most.`)
}
