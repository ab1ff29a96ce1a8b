import type { ProbeRequest } from '@gauntlet/contract'

/** One verb of `gauntlet probe`: does it, reports how far it is, and gives the line that says what was written. */
export type Probe<Request extends ProbeRequest> = (
  request: Request,
  report: (done: number, total: number) => void,
) => Promise<string>
