import type { BackboneSpeed, MeasuredDevice } from '@gauntlet/contract'
import { writeFileAtomically } from '@gauntlet/files'
import type { Digest } from '@gauntlet/study'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CommandFailed } from './command-failed.ts'

/** A speed as it is kept: when, and of which device. */
export interface KeptSpeed extends BackboneSpeed, MeasuredDevice {
  /** ISO 8601. */
  readonly measuredAt: string
}

/** Where `gauntlet doctor --bench` keeps what it measured. */
export function speedsFile(home: string): string {
  return join(home, 'device-speeds.json')
}

/** Everything that was kept, of all devices; none where nothing was measured yet. */
export function readSpeeds(home: string): KeptSpeed[] {
  const file = speedsFile(home)
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  const speeds = parse(text)
  if (!speeds)
    throw new CommandFailed(`${file} is not what gauntlet doctor --bench writes; delete it and measure again.`)
  return speeds
}

/** What was kept of devices of one environment class: the only ones whose speed says something of its workers. */
export function speedsOf(home: string, environmentClass: Digest): KeptSpeed[] {
  return readSpeeds(home).filter((speed) => speed.environmentClass === environmentClass)
}

/** Keeps what was measured; of one backbone, resolution and class of device the latest stays. */
export async function keepSpeeds(
  home: string,
  device: MeasuredDevice,
  speeds: readonly BackboneSpeed[],
  now = new Date(),
): Promise<void> {
  const fresh = speeds.map((speed): KeptSpeed => ({ ...device, ...speed, measuredAt: now.toISOString() }))
  const replaced = new Set(fresh.map(placeOf))
  const kept = [...readSpeeds(home).filter((speed) => !replaced.has(placeOf(speed))), ...fresh]
  await writeFileAtomically(speedsFile(home), `${JSON.stringify({ speeds: kept }, null, 2)}\n`)
}

function placeOf({ environmentClass, backbone, resolution }: KeptSpeed): string {
  return [environmentClass, backbone, resolution].join(' ')
}

function parse(text: string): KeptSpeed[] | undefined {
  try {
    const { speeds } = JSON.parse(text) as { speeds?: unknown }
    return Array.isArray(speeds) && speeds.every(isKept) ? speeds : undefined
  } catch {
    return undefined
  }
}

function isKept(value: unknown): value is KeptSpeed {
  const speed = value as Record<string, unknown> | null
  if (typeof speed !== 'object' || speed === null) return false
  const texts = ['backbone', 'device', 'environmentClass', 'measuredAt']
  const positive = (name: string) => Number.isFinite(speed[name]) && (speed[name] as number) > 0
  return (
    texts.every((name) => typeof speed[name] === 'string') &&
    ['resolution', 'batch', 'forward', 'gradient', 'update'].every(positive)
  )
}
