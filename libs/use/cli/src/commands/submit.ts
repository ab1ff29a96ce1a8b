import { connect, isStudyRunning, resumeStudy, startStudy } from '@gauntlet/client'
import { openArtifactStore } from '@gauntlet/artifacts'
import { temporalSettings } from '@gauntlet/contract'
import { studyId } from '@gauntlet/study'
import type { Command } from 'commander'
import { LocalStack } from '../local-stack.ts'
import { parseHours } from '../parse-hours.ts'
import { readStudyShowingPins } from '../read-study.ts'
import { readCommandSettings } from '../settings.ts'

export function addSubmit(program: Command): void {
  program
    .command('submit')
    .description('start a study or resume it, and leave it running')
    .argument('<study>', 'path of a study file, or the name of one that ships with Gauntlet')
    .option('--budget <hours>', 'device-hours after which it pauses, or none', parseHours)
    .action(async (named: string, { budget }: { budget?: number | null }) => {
      const settings = readCommandSettings()
      const { study, bytes } = await readStudyShowingPins(named, settings.cache)
      await LocalStack.use(settings, async (stack) => {
        const { temporalAddress } = await stack.everything()
        const file = await openArtifactStore(settings.artifacts, settings.cache).put(bytes, 'application/yaml')
        const { client, close } = await connect(temporalSettings(temporalAddress, process.env))
        try {
          const { pool } = settings
          const limit = budget === undefined ? {} : { budgetSeconds: budget }
          const id = studyId(study)
          const isRunning = await isStudyRunning(client, id)
          await startStudy(client, { studyId: id, file, ...(pool ? { pool } : {}), ...limit })
          if (isRunning) await resumeStudy(client, id, limit)
        } finally {
          await close()
        }
        await stack.keep()
      })
      console.log(`${study.name} runs. Follow it with: gauntlet watch ${named}`)
    })
}
