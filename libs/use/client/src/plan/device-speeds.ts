import type { BackboneSpeed, MeasuredDevice } from '@gauntlet/contract'
import { writeFileAtomically } from '@gauntlet/files'
import type { Digest } from '@gauntlet/study'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The file of speeds is not one that `gauntlet doctor --bench` wrote. A retry does not help, but deleting the file
 * does.
 */
export class SpeedsUnreadable extends Error {
  override readonly name = 'SpeedsUnreadable'
}

/** A measured speed with its device and its time. */
export interface KeptSpeed extends BackboneSpeed, MeasuredDevice {
  /** ISO 8601. */
  readonly measuredAt: string
}

/** Where `gauntlet doctor --bench` keeps what it measured. */
export function speedsFile(home: string): string {
  return join(home, 'device-speeds.json')
}

/** The speeds that were kept, of all devices; none where nothing was measured yet. */
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
    throw new SpeedsUnreadable(`${file} is not what npx gauntlet doctor --bench writes; delete it and measure again.`)
  return speeds
}

/** The speeds of one environment class. No other speeds predict how fast its workers are. */
export function speedsOf(home: string, environmentClass: Digest): KeptSpeed[] {
  return readSpeeds(home).filter((speed) => speed.environmentClass === environmentClass)
}

/** Keeps measured speeds. They replace earlier ones of the same backbone, resolution and environment class. */
export async function keepSpeeds(
  home: string,
  device: MeasuredDevice,
  speeds: readonly BackboneSpeed[],
  now = new Date(),
): Promise<void> {
  const fresh = speeds.map((speed): KeptSpeed => ({ ...device, ...speed, measuredAt: now.toISOString() }))
  const replaced = new Set(fresh.map(keyOf))
  const kept = [...readSpeeds(home).filter((speed) => !replaced.has(keyOf(speed))), ...fresh]
  await writeFileAtomically(speedsFile(home), `${JSON.stringify({ speeds: kept }, null, 2)}\n`)
}

function keyOf({ environmentClass, backbone, resolution }: KeptSpeed): string {
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
