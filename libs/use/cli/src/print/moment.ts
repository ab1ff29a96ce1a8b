/** `2026-11-30`, UTC. */
export function day(time: Date): string {
  return time.toISOString().slice(0, 10)
}

/** `2026-11-30 15:04 UTC` */
export function minute(time: Date): string {
  return `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
