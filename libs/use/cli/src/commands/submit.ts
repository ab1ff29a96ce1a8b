import { isStudyRunning, resumeStudy, startStudy } from '@gauntlet/client'
import { openArtifactStore } from '@gauntlet/artifacts'
import { lastPoolDescription, openLedger } from '@gauntlet/ledger'
import { studyId } from '@gauntlet/study'
import type { Command } from 'commander'
import { LocalStack } from '../stack/local-stack.ts'
import { quoted } from '../print/quoted.ts'
import { readStudyShowingPins, studyArgument } from '../read/read-study.ts'
import { readCommandSettings, type CommandSettings } from '../settings.ts'
import { budgetOption, ignoredShare, poolOption, weightOption } from '../parse/share-options.ts'
import { studyPlace, type StudyPlace } from '../stack/study-pools.ts'
import { connectTemporal } from '../stack/temporal.ts'

interface SubmitOptions {
  readonly budget?: number | null
  readonly pool?: string
  readonly weight?: number
}

export function addSubmit(program: Command): void {
  program
    .command('submit')
    .description('start a study or resume it, and leave it running')
    .argument(...studyArgument)
    .option(...budgetOption)
    .option(...poolOption)
    .option(...weightOption)
    .action(async (named: string, { budget, pool, weight }: SubmitOptions) => {
      const settings = { ...readCommandSettings(), ...(pool ? { pool } : {}) }
      const { study, bytes } = await readStudyShowingPins(named, settings.cache)
      await LocalStack.use(settings, async (stack) => {
        const place = await placeShowingDoubt(await stack.database(), settings)
        if (place.declared) stack.onlyFetch()
        const { temporalAddress } = await stack.everything()
        const file = await openArtifactStore(settings.artifacts, settings.cache).put(bytes, 'application/yaml')
        const { client, close } = await connectTemporal(temporalAddress)
        try {
          const limit = budget === undefined ? {} : { budgetSeconds: budget }
          const id = studyId(study)
          const isRunning = await isStudyRunning(client, id)
          await startStudy(client, { studyId: id, file, ...place, ...(weight ? { weight } : {}), ...limit })
          if (isRunning) {
            await resumeStudy(client, id, limit)
            const ignored = ignoredShare(study.name, { pool, weight })
            if (ignored) console.error(ignored)
          }
        } finally {
          await close()
        }
        await stack.keep()
      })
      console.log(`${study.name} runs. Follow it with: npx gauntlet watch ${quoted(named)}`)
    })
}

/** The place of a study. Says on standard error where no worker there was ever seen, since its name may be wrong. */
async function placeShowingDoubt(databaseUrl: string, settings: CommandSettings): Promise<StudyPlace> {
  const ledger = openLedger(databaseUrl)
  try {
    const place = await studyPlace(settings, ledger.db)
    if (place.pool !== undefined && (await lastPoolDescription(ledger.db, place.pool, [])) === null)
      console.error(`No worker of pool ${place.pool} has been seen yet; the study waits until one is.`)
    return place
  } finally {
    await ledger.close()
  }
}
