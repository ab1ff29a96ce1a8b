import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { openArtifactStore, type ArtifactStore } from '@gauntlet/artifacts'
import { connect, startStudy, type Client } from '@gauntlet/client'
import {
  programProcess,
  serviceStatus,
  startPostgres,
  startProcess,
  startTemporal,
  stopServices,
} from '@gauntlet/infra'
import { migrate, openLedger, type LedgerDatabase } from '@gauntlet/ledger'
import type { SimulatedStudy } from './simulated-study.ts'
import type { Simulation } from './simulation.ts'

const [ledgerWorker, simulatedWorker] = [
  fileURLToPath(new URL('../../workers/ledger/src/main.ts', import.meta.url)),
  fileURLToPath(new URL('simulated-worker.ts', import.meta.url)),
]

/** Real services and a real ledger worker, with GPU workers that simulate, in a folder of their own. */
export class SimulatedHome {
  readonly folder = mkdtempSync(join(tmpdir(), 'gauntlet-simulated-'))
  readonly store: ArtifactStore
  /** The ledger's tables, which are made once. */
  private migrated: Promise<void> | undefined
  private readonly artifacts = pathToFileURL(join(this.folder, 'artifacts')).href

  /** `workers`: how many processes of GPU workers. */
  constructor(
    private readonly simulation: Simulation,
    private readonly workers: number,
  ) {
    this.store = openArtifactStore(this.artifacts)
  }

  /** Starts everything that does not run. */
  async everything(): Promise<{ readonly databaseUrl: string; readonly temporalAddress: string }> {
    const [{ databaseUrl }, { temporalAddress }] = await Promise.all([
      startPostgres(this.folder),
      startTemporal(this.folder),
    ])
    this.migrated ??= migrate(databaseUrl).catch((error: unknown) => {
      this.migrated = undefined
      throw error
    })
    await this.migrated
    const reach = { GAUNTLET_ARTIFACTS: this.artifacts, TEMPORAL_ADDRESS: temporalAddress }
    const SIMULATION = JSON.stringify(this.simulation)
    const names = Array.from({ length: this.workers }, (_, index) => `gpu-worker-${index}`)
    await Promise.all([
      this.start('ledger-worker', ledgerWorker, { ...reach, DATABASE_URL: databaseUrl }),
      ...names.map((name) => this.start(name, simulatedWorker, { ...reach, SIMULATION })),
    ])
    return { databaseUrl, temporalAddress }
  }

  /** Pids of what runs, by name. */
  pids(): Map<string, number> {
    return new Map(
      serviceStatus(this.folder).flatMap(({ name, pid }) => (pid === undefined ? [] : [[name, pid] as const])),
    )
  }

  async withClient<Result>(use: (client: Client) => Promise<Result>): Promise<Result> {
    const { temporalAddress: address } = await this.everything()
    const { client, close } = await connect({ address, namespace: 'default' })
    return use(client).finally(close)
  }

  /** Starts or joins a study of this home. */
  async startStudy(
    client: Client,
    { id, text }: Pick<SimulatedStudy, 'id' | 'text'>,
    settings: { window?: number } = {},
  ) {
    return startStudy(client, { studyId: id, file: await this.stored(text), ...settings })
  }

  /** A study file in the store. */
  stored(text: string) {
    return this.store.put(new TextEncoder().encode(text), 'application/yaml')
  }

  async withLedger<Result>(use: (db: LedgerDatabase) => Promise<Result>): Promise<Result> {
    const ledger = openLedger((await startPostgres(this.folder)).databaseUrl)
    return use(ledger.db).finally(() => ledger.close())
  }

  async remove(): Promise<void> {
    await stopServices(this.folder)
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }

  private start(name: string, main: string, env: NodeJS.ProcessEnv) {
    return startProcess(this.folder, { name, ...programProcess(main), env })
  }
}
