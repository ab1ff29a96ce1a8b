import { resolve } from 'node:path'
import { releaseHome } from './home-claim.ts'
import { stopPostgres } from './postgres.ts'
import { livingProcess, readRecord, recordedNames } from './process-record.ts'
import { stopProcess, type StopOptions } from './stop-process.ts'
import { stopTemporal } from './temporal.ts'

/** A recorded process, and whether it runs. */
export interface ServiceStatus {
  readonly name: string
  readonly state: 'running' | 'stopped'
  readonly pid?: number
  readonly port?: number
  readonly startedAt: string
  readonly log: string
}

/** Every process with a record in `home`, services and workers, in the order of their names. */
export function serviceStatus(home: string): ServiceStatus[] {
  const absolute = resolve(home)
  return recordedNames(absolute).flatMap((name) => {
    const living = livingProcess(absolute, name)
    const record = living ?? readRecord(absolute, name)
    if (!record) return []
    const { port, startedAt, log } = record
    const common = { name, ...(port === undefined ? {} : { port }), startedAt, log }
    return [
      living ? { ...common, state: 'running' as const, pid: living.pid } : { ...common, state: 'stopped' as const },
    ]
  })
}

/**
 * Stops every process of `home`: the workers first, while Temporal still takes their reports, then the services.
 * Returns the names of those that were running. Any host may use the home then. A worker has the time that it needs to
 * save what it has, or `limitMilliseconds`.
 */
export async function stopServices(
  home: string,
  options: Pick<StopOptions, 'limitMilliseconds' | 'onWait'> = {},
): Promise<string[]> {
  const absolute = resolve(home)
  const services = new Map([
    ['temporal', stopTemporal],
    ['postgres', stopPostgres],
  ])
  const workers = recordedNames(absolute).filter((name) => !services.has(name))
  const stopped = await Promise.all(
    workers.map(async (name) => ((await stopProcess(absolute, name, options)) ? [name] : [])),
  )
  for (const [name, stop] of services) if (readRecord(absolute, name) && (await stop(absolute))) stopped.push([name])
  releaseHome(absolute)
  return stopped.flat()
}
