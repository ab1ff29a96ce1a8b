import { temporalSettings, type TemporalSettings } from '@gauntlet/contract'
import { hostname } from 'node:os'

/** What the ledger worker is told by its environment. */
export interface LedgerWorkerSettings {
  readonly databaseUrl: string
  readonly artifacts: string
  readonly temporal: TemporalSettings
  readonly identity: string
}

/** The worker was started wrongly; the message names the variable. */
export class SettingsInvalid extends Error {
  override readonly name = 'SettingsInvalid'
}

export function readLedgerWorkerSettings(variables: NodeJS.ProcessEnv): LedgerWorkerSettings {
  const required = (name: string): string => {
    const value = variables[name]
    if (!value) throw new SettingsInvalid(`The ledger worker needs ${name}; set it and start the worker again.`)
    return value
  }
  return {
    databaseUrl: required('DATABASE_URL'),
    artifacts: required('GAUNTLET_ARTIFACTS'),
    temporal: temporalSettings(required('TEMPORAL_ADDRESS'), variables),
    identity: variables.GAUNTLET_WORKER ?? `ledger@${hostname()}/${process.pid}`,
  }
}
