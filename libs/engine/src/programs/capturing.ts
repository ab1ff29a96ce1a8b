import type { ProgramRecording, Recording } from './recording.ts'
import { refusal, type CaptureRefused } from './refusals.ts'

/** What is being captured in this process, if anything: captures are synchronous, so there is one at a time. Loads no tensor runtime. */
interface Capturing {
  /** Where operators are recorded now; nowhere while a loop's later iterations run. */
  recording: Recording | undefined
  /** The program that is being captured. */
  program?: ProgramRecording | undefined
  /** The first refusal, kept because tfjs hides what is thrown inside a promise. */
  refused?: CaptureRefused
}

let capturing: Capturing | undefined

/** The recording that operators go to now. */
export function activeRecording(): Recording | undefined {
  return capturing?.recording
}

/** The program whose capture is under way while operators are recorded nowhere: what is made now must not get into it. */
export function suspendedProgram(): ProgramRecording | undefined {
  return capturing?.recording ? undefined : capturing?.program
}

/** Runs `work` with its operators recorded to `recording`, or nowhere. */
export function recordingTo<Result>(recording: Recording | undefined, work: () => Result): Result {
  const before = capturing
  const now: Capturing = { recording, program: recording?.program ?? before?.program }
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
