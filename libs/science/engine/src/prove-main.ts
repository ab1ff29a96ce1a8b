import { deviceVariables } from './device-variables.ts'

/**
 * Proves that the engine computes here, in the environment of a device process, and prints what computes as JSON. For
 * set-up and `gauntlet doctor`, which load no tensor runtime; it may crash without harm to them.
 */
Object.assign(process.env, deviceVariables({ threads: 1 }))
const { proveEngine } = await import('./prove-engine.ts')
process.stdout.write(JSON.stringify(proveEngine()))
