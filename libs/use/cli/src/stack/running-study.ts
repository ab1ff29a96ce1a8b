import { StudyNotRunning, type Client, type StudySource } from '@gauntlet/client'
import { studyId, type Digest } from '@gauntlet/study'
import { CommandFailed } from '../command-failed.ts'
import { quoted } from '../print/quoted.ts'
import { LocalStack } from './local-stack.ts'
import { readCommandSettings } from '../settings.ts'
import { connectTemporal } from './temporal.ts'

/** The address of the Temporal server that runs here, for a command that starts none. */
export function addressOfRunning(stack: LocalStack, named: string): string {
  const address = stack.temporalAddress()
  if (!address) throw new CommandFailed(`Nothing runs here; start the study with: npx gauntlet run ${quoted(named)}`)
  return address
}

/** Talks to a study on the server that runs, and starts nothing. */
export async function withRunningStudy<Result>(
  { study, named }: StudySource,
  talk: (client: Client, id: Digest) => Promise<Result>,
): Promise<Result> {
  const { client, close } = await connectTemporal(addressOfRunning(new LocalStack(readCommandSettings()), named))
  try {
    return await talk(client, studyId(study)).catch((error: unknown) => {
      if (!(error instanceof StudyNotRunning)) throw error
      throw new CommandFailed(`${study.name} does not run; start it with: npx gauntlet run ${quoted(named)}`)
    })
  } finally {
    await close()
  }
}
