import { AddressUnusable, PoolUnknown, serveApi, type ApiDependencies, type ApiServer } from '@gauntlet/api'
import {
  cancelStudy,
  pauseStudy,
  restartStudy,
  resumeStudy,
  retryStudy,
  speedsOf,
  StudyNotRunning,
  takeSnapshot,
  type StudySnapshot,
} from '@gauntlet/client'
import { type StageCode, type WorkerDescription } from '@gauntlet/contract'
import { buildPage } from '@gauntlet/dashboard'
import { lastPoolDescription } from '@gauntlet/ledger'
import type { Digest } from '@gauntlet/study'
import type { LedgerSession } from './local-ledger.ts'
import type { LocalStack } from './local-stack.ts'
import { askWorkersOrLedger } from './worker-description.ts'
import { recordedPool, studyPlace } from './study-pools.ts'
import { connectTemporal } from './temporal.ts'

/** The port of the dashboard, unless the user names another one. */
const usualPort = 4680

export interface DashboardOptions {
  readonly hostname: string
  /** Undefined for the usual port, or any free one where that is in use. */
  readonly port: number | undefined
  readonly token: string | undefined
  readonly readOnly: boolean
}

/** Starts the dashboard of a ledger. Throws `TokenNeeded` and `AddressUnusable`. */
export async function startDashboard(
  session: LedgerSession,
  stack: LocalStack,
  { hostname, port, token, readOnly }: DashboardOptions,
): Promise<ApiServer> {
  const temporal = new TemporalConnection(stack)
  const options = {
    access: { hostname, token },
    page: await buildPage(),
    onBug: (error: unknown) => console.error(error),
  }
  const dependencies = { ...dependenciesOf(session, stack, temporal), readOnly }
  const server = await serveApi(dependencies, { ...options, port: port ?? usualPort }).catch((error: unknown) => {
    if (port !== undefined || !(error instanceof AddressUnusable)) throw error
    return serveApi(dependencies, { ...options, port: 0 })
  })
  return {
    url: server.url,
    async close() {
      await server.close()
      await temporal.close()
    },
  }
}

function dependenciesOf(
  { settings, db, store }: LedgerSession,
  stack: LocalStack,
  temporal: TemporalConnection,
): ApiDependencies {
  return {
    db,
    store,
    describePool: (codes) => describePool({ settings, db }, codes),
    snapshot: (studyId) => temporal.snapshot(studyId),
    speeds: (environmentClass) => speedsOf(settings.home, environmentClass),
    actions: actionsOf({ settings, db, store }, stack, temporal),
    readOnly: false,
    ledgerName: settings.databaseUrl ? new URL(settings.databaseUrl).host : settings.home,
  }
}

/** The commands that a person can also press. Another one is an entry here. */
function actionsOf(
  { settings, db, store }: LedgerSession,
  stack: LocalStack,
  temporal: TemporalConnection,
): ApiDependencies['actions'] {
  return {
    retry: {
      sentence: 'Retry tries what failed or is missing again, and nothing else.',
      async run(studyId) {
        await stack.everything()
        const client = await temporal.client()
        await retryStudy(client, studyId).catch(async (error: unknown) => {
          if (!(error instanceof StudyNotRunning)) throw error
          return restartStudy(client, { db, store }, studyId, await studyPlace(settings, db))
        })
        return 'The study runs; what failed or is missing is tried again.'
      },
    },
    pause: {
      sentence: 'Pause starts no more configurations.',
      async run(studyId) {
        await pauseStudy(await temporal.client(), studyId, { now: false })
        return 'The study is paused; what is in flight goes on to its end.'
      },
    },
    resume: {
      sentence: 'Resume goes on with a paused study.',
      async run(studyId) {
        const { paused } = await resumeStudy(await temporal.client(), studyId)
        return paused ? 'The study is still paused, because its budget is spent.' : 'The study goes on.'
      },
    },
    cancel: {
      sentence: 'Cancel ends the run; what it has finished is kept.',
      async run(studyId) {
        await cancelStudy(await temporal.client(), studyId)
        return 'The run was cancelled; retry goes on with it.'
      },
    },
  }
}

/**
 * The pool as the ledger has it, since a page that is opened starts no workers. Only where no study has run is the pool
 * asked.
 */
async function describePool(session: Pick<LedgerSession, 'settings' | 'db'>, codes: readonly StageCode[]) {
  const pool = recordedPool(await studyPlace(session.settings, session.db))
  const recorded = await lastPoolDescription(session.db, pool, codes)
  if (recorded)
    return { description: recorded.document as unknown as WorkerDescription, describedAt: recorded.describedAt }
  try {
    return await askWorkersOrLedger(session.settings, session.db, codes)
  } catch (error) {
    throw new PoolUnknown(`No pool has said yet what its code is: ${(error as Error).message}`, { cause: error })
  }
}

/** A connection with Temporal that is made when it is needed, and made anew after it broke. */
class TemporalConnection {
  private open: ReturnType<typeof connectTemporal> | undefined
  private address: string | undefined

  constructor(private readonly stack: LocalStack) {}

  /** Throws `TemporalUnreachable`. */
  async client() {
    const address = this.stack.temporalAddress()
    if (address !== this.address) await this.close()
    this.address = address
    this.open ??= connectTemporal(address ?? '')
    try {
      return (await this.open).client
    } catch (error) {
      this.open = undefined
      throw error
    }
  }

  /** The study now; `unreachable` where no Temporal runs. */
  async snapshot(studyId: Digest): Promise<StudySnapshot> {
    const nothing = { status: 'unreachable', progress: null, stages: [] } as const
    if (!this.stack.temporalAddress()) return nothing
    return this.client().then(
      (client) => takeSnapshot(client, studyId),
      () => nothing,
    )
  }

  async close(): Promise<void> {
    const open = this.open
    this.open = undefined
    await open?.then(({ close }) => close()).catch(() => undefined)
  }
}
