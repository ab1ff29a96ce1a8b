import { examine, serviceStatus } from '@gauntlet/infra'
import { readFileSync } from 'node:fs'
import { arch, cpus, release, totalmem, type } from 'node:os'
import { redacted, redactedVariables } from './redact.ts'
import type { CommandSettings } from '../settings.ts'

/** Lines that are kept of each log, from its end. */
const keptLines = 200

/**
 * What whoever mends a bug needs to know of this machine, as one JSON document: parts and their versions, services with
 * the ends of their logs, and the variables that concern Gauntlet. Passwords, keys and tokens are taken out of all of
 * it.
 */
export async function bugReport({ home }: Pick<CommandSettings, 'home'>, variables = process.env): Promise<object> {
  const hidden = redacted(variables)
  const services = serviceStatus(home).map((service) => ({ ...service, end: lastLines(service.log).map(hidden) }))
  const report = {
    gauntlet: 'bug report 1',
    writtenAt: new Date().toISOString(),
    machine: {
      system: `${type()} ${release()} ${arch()}`,
      node: process.version,
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: cpus().length,
      memory: totalmem(),
    },
    parts: await examine(),
    variables: redactedVariables(variables),
    services,
  }
  return JSON.parse(hidden(JSON.stringify(report))) as object
}

function lastLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-keptLines)
  } catch {
    return [] // it has printed nothing yet
  }
}
