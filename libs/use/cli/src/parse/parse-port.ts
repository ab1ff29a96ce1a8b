import { Misuse } from '../command-failed.ts'

/** Reads a port number. */
export function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port >= 1 && port <= 65_535) return port
  throw new Misuse(`${JSON.stringify(text)} is no port; give a whole number from 1 to 65535.`)
}
