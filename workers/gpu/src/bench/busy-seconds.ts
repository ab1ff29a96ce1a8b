import { countsCpuTime } from '@gauntlet/contract'
import { engineEnvironment } from '@gauntlet/engine'

/**
 * A clock in seconds: that of the wall or, where the device is one core of a CPU, that of the work done, which others
 * who use the machine do not lengthen.
 */
export function busySeconds(): number {
  if (!countsCpuTime(engineEnvironment())) return performance.now() / 1_000
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}
