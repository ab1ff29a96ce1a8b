export { withoutCredentials } from './credentials.ts'
export { examineEngine } from './examine-engine.ts'
export { examine } from './examine.ts'
export type { Part } from './part.ts'
export { freePort } from './free-port.ts'
export { claimHome, HomeElsewhere } from './home-claim.ts'
export { DiskNotLocal, networkFileSystem } from './local-disk.ts'
export { NoUnprivilegedAccount } from './postgres-account.ts'
export { PostgresNotInitialised } from './postgres-cluster.ts'
export { PostgresPasswordLost } from './postgres-connection.ts'
export { hasPostgres, PostgresMissing, startPostgres, stopPostgres } from './postgres.ts'
export { programProcess, programStarter } from './program-starter.ts'
export { livingProcess, type LivingProcess } from './process-record.ts'
export { serviceStatus, stopServices, type ServiceStatus } from './services.ts'
export { ProcessFailedToStart, ProcessNeeded, startProcess, type ProcessSpecification } from './start-process.ts'
export {
  closeReach,
  copyReach,
  openReach,
  reachedAt,
  reachPort,
  reachVariables,
  startReach,
  type Reach,
} from './reach/reach.ts'
export { startTemporal, TemporalMissing } from './temporal.ts'
export { findTemporal } from '../setup/temporal-binary.mjs'
export { newestTried } from '../setup/node-version.mjs'
