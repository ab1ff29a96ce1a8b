import { resolve } from 'node:path'
import { startPostgres, stopPostgres } from './postgres.ts'
import { livingProcess, readRecord, recordedNames } from './process-record.ts'
import { stopProcess } from './stop-process.ts'
import { startTemporal, stopTemporal } from './temporal.ts'

/** What everything else needs to know of the services. */
export interface LocalServices {
  readonly databaseUrl: string
  readonly temporalAddress: string
}

/** One recorded process and whether it lives. */
export interface ServiceStatus {
  readonly name: string
  readonly state: 'running' | 'stopped'
  readonly pid?: number
  readonly port?: number
  readonly startedAt: string
  readonly log: string
}

/**
 * The services of `home`, started where they do not run. `DATABASE_URL` and `TEMPORAL_ADDRESS` stand for services of
 * the user's own.
 */
export async function startServices(
  home: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<LocalServices> {
  const [databaseUrl, temporalAddress] = await Promise.all([
    environment['DATABASE_URL'] || startPostgres(home).then((started) => started.databaseUrl),
    environment['TEMPORAL_ADDRESS'] || startTemporal(home).then((started) => started.temporalAddress),
  ])
  return { databaseUrl, temporalAddress }
}

/** Every process `home` has a record of, services and workers, in order of name. */
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
 * Stops everything of `home`: workers first, while Temporal can still take their last words, then the services. Returns
 * what was running.
 */
export async function stopServices(home: string): Promise<string[]> {
  const absolute = resolve(home)
  const services = new Map([
    ['temporal', stopTemporal],
    ['postgres', stopPostgres],
  ])
  const workers = recordedNames(absolute).filter((name) => !services.has(name))
  const stopped = await Promise.all(workers.map(async (name) => ((await stopProcess(absolute, name)) ? [name] : [])))
  for (const [name, stop] of services) if (readRecord(absolute, name) && (await stop(absolute))) stopped.push([name])
  return stopped.flat()
}
