import type { Recording } from './recording.ts'
import { refusal, type CaptureRefused } from './refusals.ts'

/**
 * The code of a program that runs in this process, if any: captures are synchronous, so there is one at a time. Loads
 * no tensor runtime.
 */
interface Capturing {
  /** Where operators are recorded; nowhere where the code runs eagerly, to be compared with the program. */
  readonly recording: Recording | undefined
  /** The first refusal, kept because tfjs hides what is thrown inside a promise. */
  refused?: CaptureRefused
}

let capturing: Capturing | undefined

/** The recording that operators go to now. */
export function activeRecording(): Recording | undefined {
  return capturing?.recording
}

/** Whether what runs now is the code of a program: recorded, or for its check. */
export function isProgramCode(): boolean {
  return capturing !== undefined
}

/** Whether what runs now is compared with a program: loops are as short as the program's check runs them. */
export function isForCheck(): boolean {
  return capturing !== undefined && !capturing.recording
}

/** Runs `work` with its operators recorded to `recording`. */
export function recordingTo<Result>(recording: Recording, work: () => Result): Result {
  return during({ recording }, work)
}

/** Runs the code of a program eagerly. */
export function runningForCheck<Result>(work: () => Result): Result {
  return during({ recording: undefined }, work)
}

function during<Result>(now: Capturing, work: () => Result): Result {
  const before = capturing
  capturing = now
  try {
    const result = work()
    if (now.refused) throw now.refused
    return result
  } finally {
    capturing = before
  }
}

/** Ends the capture, if one is under way, with a refusal that names the caller's line. */
export function refuseWhileCapturing(what: string): void {
  if (!capturing?.recording) return
  capturing.refused ??= refusal(what)
  throw capturing.refused
}
