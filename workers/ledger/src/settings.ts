import { temporalSettings, type TemporalSettings } from '@gauntlet/contract'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'

/** What the environment tells the ledger worker. */
export interface LedgerWorkerSettings {
  readonly databaseUrl: string
  readonly artifacts: string
  /**
   * `GAUNTLET_CACHE`: where it is noted which artifacts were verified on this machine; in memory where it is not set.
   */
  readonly cacheFolder: string | undefined
  readonly temporal: TemporalSettings
  readonly identity: string
  /**
   * Whether the worker makes its workflows current when it starts. `GAUNTLET_ROLLOUT=by-hand` leaves that to whoever
   * deploys, such as Temporal's Worker Controller.
   */
  readonly makesCurrent: boolean
}

/** A variable that the worker needs is missing. A retry does not help; the message names the variable. */
export class LedgerWorkerSettingsInvalid extends Error {
  override readonly name = 'LedgerWorkerSettingsInvalid'
}

/** Reads the settings from environment variables. Throws `LedgerWorkerSettingsInvalid`. */
export function readLedgerWorkerSettings(variables: NodeJS.ProcessEnv): LedgerWorkerSettings {
  const required = (name: string): string => {
    const value = variables[name]
    if (!value)
      throw new LedgerWorkerSettingsInvalid(`The ledger worker needs ${name}; set it and start the worker again.`)
    return value
  }
  return {
    databaseUrl: required('DATABASE_URL'),
    artifacts: required('GAUNTLET_ARTIFACTS'),
    cacheFolder: variables.GAUNTLET_CACHE || undefined,
    temporal: temporalSettings(required('TEMPORAL_ADDRESS'), variables, (path) => readFileSync(path)),
    identity: variables.GAUNTLET_WORKER ?? `ledger@${hostname()}/${process.pid}`,
    makesCurrent: variables.GAUNTLET_ROLLOUT !== 'by-hand',
  }
}
