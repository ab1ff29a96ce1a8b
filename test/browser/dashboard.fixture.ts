import { serveApi, type ApiDependencies, type ApiServer } from '@gauntlet/api'
import { dependenciesOf } from '@gauntlet/api/fixtures/api'
import { simulateStudy, storeIn, type SimulatedStudy } from '@gauntlet/api/fixtures/simulated-study'
import { buildPage } from '@gauntlet/dashboard'
import { useLedger } from '@gauntlet/ledger/fixtures/ledger'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'
import { browserPath, launchBrowser } from './browser.fixture.ts'

type Simulation = Parameters<typeof simulateStudy>[2]

/** A dashboard over a simulated study, with a browser to look at it. */
export interface ServedDashboard {
  readonly study: SimulatedStudy
  /** Writes another study into the ledger. */
  readonly add: (simulation: Simulation) => Promise<SimulatedStudy>
  readonly browser: Browser
  readonly server: ApiServer
  /** Errors of the server that no answer explained. */
  readonly bugs: readonly unknown[]
  /** What the server reads, to look behind it. */
  readonly dependencies: ApiDependencies
  /** Ends the server as a kill does, and starts another one at the same address. */
  readonly restart: (pauseMilliseconds: number) => Promise<void>
}

/** Serves a simulated study for the tests of one file. Where there is no browser, nothing is made. */
export function useDashboard(simulation: Simulation, changes: Partial<ApiDependencies> = {}): ServedDashboard {
  if (!browserPath) return {} as ServedDashboard
  const ledger = useLedger()
  const folder = mkdtempSync(join(tmpdir(), 'gauntlet-dashboard-'))
  const served: { -readonly [Key in keyof ServedDashboard]?: ServedDashboard[Key] } = {}
  const bugs: unknown[] = []
  const start = async (port: number) =>
    serveApi(served.dependencies!, {
      port,
      access: { hostname: '127.0.0.1', token: undefined },
      page: await buildPage(),
      onBug: (error) => void bugs.push(error),
    })
  beforeAll(async () => {
    const store = storeIn(folder)
    served.add = (another) => simulateStudy(ledger.db, store, another)
    served.study = await served.add(simulation)
    served.dependencies = dependenciesOf(ledger.db, store, changes)
    served.server = await start(0)
    served.browser = await launchBrowser()
  }, 600_000)
  afterAll(async () => {
    await served.browser?.close()
    await served.server?.close()
    rmSync(folder, { recursive: true, force: true })
  })
  served.restart = async (pauseMilliseconds) => {
    const port = Number(new URL(served.server!.url).port)
    await served.server!.close()
    await new Promise((resolve) => setTimeout(resolve, pauseMilliseconds))
    served.server = await start(port)
  }
  return Object.assign(served, { bugs }) as ServedDashboard
}
