/** SQLSTATE classes and codes after which the same statement may succeed (PostgreSQL 18, appendix A). */
const transientStates = [
  /^08/, // connection exception
  /^40/, // transaction rollback: serialization failure, deadlock
  /^53/, // insufficient resources: too many connections, disk full
  /^57P0/, // the server is shutting down, crashed, or starting up
]

/** What Node and node-postgres say when the connection itself fails. */
const connectionCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
])
const connectionMessages =
  /connection terminated|connection timeout|timeout exceeded when trying to connect|client has encountered a connection error/i

/** Whether a retry of a ledger call may help: the server or the way to it failed, not the statement. */
export function isTransientLedgerError(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? String(error.code) : ''
  if (connectionCodes.has(code) || transientStates.some((state) => state.test(code) && code.length === 5)) return true
  if (connectionMessages.test(error.message)) return true
  return isTransientLedgerError(error.cause)
}
