import { makeTelemetryFilterString, type RuntimeOptions } from '@temporalio/worker'
import type { GpuWorkerSettings } from './settings.ts'

/** Metrics of the worker for Prometheus, where an address is set: tasks, slots in use, waiting times, failures. */
export function telemetryOf({
  metricsAddress,
}: Pick<GpuWorkerSettings, 'metricsAddress'>): Pick<RuntimeOptions, 'telemetryOptions'> {
  if (metricsAddress === undefined) return {}
  return {
    telemetryOptions: {
      metrics: { prometheus: { bindAddress: metricsAddress } },
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN' }) },
    },
  }
}
