import type { ProbeRequest } from '@gauntlet/contract'

/**
 * One verb of `gauntlet probe`. It does the request, reports its progress, and gives the line that says what was
 * written.
 */
export type Probe<Request extends ProbeRequest> = (
  request: Request,
  report: (done: number, total: number) => void,
) => Promise<string>
