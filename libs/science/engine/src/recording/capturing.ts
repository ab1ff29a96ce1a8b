import type { Recording } from './recording.ts'
import { refusal, type CaptureRefused } from './refusals.ts'

/**
 * The program whose code runs in this process now. Captures are synchronous, so there is one at most. This module loads
 * no tensor runtime.
 */
interface Capturing {
  /** Where operators are recorded. Undefined where the code runs eagerly, to be compared with the program. */
  readonly recording: Recording | undefined
  /** The first refusal. It is kept because tfjs hides what is thrown inside a promise. */
  refused?: CaptureRefused
}

let capturing: Capturing | undefined

/** The recording that operators are added to now, if any. */
export function activeRecording(): Recording | undefined {
  return capturing?.recording
}

/** Whether the code of a program runs now, to be recorded or for the program's check. */
export function isProgramCode(): boolean {
  return capturing !== undefined
}

/**
 * Whether the code of a program runs now to be compared with the program. Loops then have as few iterations as in the
 * program's check.
 */
export function isForCheck(): boolean {
  return capturing !== undefined && !capturing.recording
}

/** Runs `work`, and adds its operators to `recording`. */
export function recordingTo<Result>(recording: Recording, work: () => Result): Result {
  return during({ recording }, work)
}

/** Runs the code of a program eagerly, for the program's check. */
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

/** Ends the capture, if there is one, with a refusal that names the caller's line. */
export function refuseWhileCapturing(what: string): void {
  if (!capturing?.recording) return
  capturing.refused ??= refusal(what)
  throw capturing.refused
}
