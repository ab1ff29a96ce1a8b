import { Misuse } from '../command-failed.ts'

/** Reads an amount of memory, as bytes: `80GB`, `24GiB`. */
export function parseSize(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*(G|GB|GiB|M|MB|MiB)$/i.exec(text) ?? []
  const bytes = { g: 1e9, gb: 1e9, gib: 2 ** 30, m: 1e6, mb: 1e6, mib: 2 ** 20 }[unit?.toLowerCase() ?? ''] ?? 0
  const size = Math.floor(Number(number) * bytes)
  if (size > 0) return size
  throw new Misuse(`${JSON.stringify(text)} is no amount of memory; give one such as 80GB or 24GiB.`)
}
