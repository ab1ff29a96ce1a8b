/**
 * The code cannot be replayed faithfully, so there is no program. The message says what to change; a retry does not
 * help.
 */
export class CaptureRefused extends Error {
  override readonly name = 'CaptureRefused'
}

/**
 * The first replay gave other values than an eager run of the code. Another precision may help. In float32 this is a
 * bug.
 */
export class ReplayDiffers extends Error {
  override readonly name = 'ReplayDiffers'
}

/** A refusal that names the line of the caller. */
export function refusal(what: string): CaptureRefused {
  return new CaptureRefused(`${callerLine()}: ${what}`)
}

/** Stack frames of tfjs, of Node, and of the parts of this package that every operator passes. */
const machinery =
  /node_modules|tfjs[\w-]*\/src\/|node:internal|\(node:|\/engine\/src\/(?:(?:graphs|programs|recording|sessions)\/(?!.*\.(?:test|case|fixture)\.)|operator\.ts|operator-interception\.ts|random\.ts)/

/** File, line and column of the nearest caller that is none of these. */
function callerLine(): string {
  const before = Error.stackTraceLimit
  Error.stackTraceLimit = 200
  const frames = (new Error('where').stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  Error.stackTraceLimit = before
  const frame = frames.find((line) => !machinery.test(line) && /:\d+:\d+/.test(line))
  return (
    /(?:\()?((?:file:\/\/)?[^\s()]+:\d+:\d+)\)?$/.exec(frame ?? '')?.[1]?.replace('file://', '') ?? 'During the capture'
  )
}

/**
 * The files of the calls that led here, the nearest first. This is cheaper than the stack's text, which source maps
 * slow down.
 */
export function callers(limit: number): string[] {
  const { prepareStackTrace, stackTraceLimit } = Error
  Error.stackTraceLimit = limit
  Error.prepareStackTrace = (_, sites) => sites
  const sites = new Error('callers').stack as unknown as NodeJS.CallSite[]
  Object.assign(Error, { prepareStackTrace, stackTraceLimit })
  return sites.map((site) => site.getFileName() ?? '')
}
