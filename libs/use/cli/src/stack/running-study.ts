import { StudyNotRunning, type Client } from '@gauntlet/client'
import { studyId, type Digest } from '@gauntlet/study'
import { CommandFailed } from '../command-failed.ts'
import { readNamedStudy } from '../read/read-study.ts'
import { LocalStack } from './local-stack.ts'
import { readCommandSettings } from '../settings.ts'
import { connectTemporal } from './temporal.ts'

/** Talks to a study on the server that runs, and starts nothing. */
export async function withRunningStudy<Result>(
  named: string,
  talk: (client: Client, id: Digest) => Promise<Result>,
): Promise<Result> {
  const { study } = await readNamedStudy(named)
  const address = new LocalStack(readCommandSettings()).temporalAddress()
  if (!address) throw new CommandFailed(`Nothing runs here; start the study with: gauntlet run ${named}`)
  const { client, close } = await connectTemporal(address)
  try {
    return await talk(client, studyId(study)).catch((error: unknown) => {
      if (!(error instanceof StudyNotRunning)) throw error
      throw new CommandFailed(`${study.name} does not run; start it with: gauntlet run ${named}`)
    })
  } finally {
    await close()
  }
}
