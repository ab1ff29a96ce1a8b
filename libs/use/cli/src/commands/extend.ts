import { openArtifactStore } from '@gauntlet/artifacts'
import { extendStudy, type Extended } from '@gauntlet/client'
import { openLedger, studyFileType } from '@gauntlet/ledger'
import type { Command } from 'commander'
import { count } from '../print/count.ts'
import { quoted } from '../print/quoted.ts'
import { LocalStack } from '../stack/local-stack.ts'
import { readStudyShowingPins } from '../read/read-study.ts'
import { readCommandSettings } from '../settings.ts'
import { connectTemporal } from '../stack/temporal.ts'
import { addressOfRunning } from '../stack/running-study.ts'

export function addExtend(program: Command): void {
  program
    .command('extend')
    .description('extend a running study to what its file says now: cells, perturbations and seeds that were added')
    .argument('<study>', 'path of the study file')
    .option('--of <study>', 'name or id of the running study (default: the one of the same name)')
    .action(async (named: string, { of }: { of?: string }) => {
      const extended = await extend(named, of)
      const { addedConfigurations: cells, addedPerturbations: perturbations, hasBegun } = extended
      const begun = hasBegun ? '' : ' It begins once a stage has ended that all configurations share.'
      console.log(
        `Extended ${extended.of.slice(0, 12)} by ${count(cells, 'configuration')} and ${count(perturbations, 'perturbation')}; what was in flight goes on.${begun}\nFollow it with: npx gauntlet watch ${quoted(named)}`,
      )
    })
}

async function extend(named: string, of: string | undefined): Promise<Extended> {
  const settings = readCommandSettings()
  const { study, bytes } = await readStudyShowingPins(named, settings.cache)
  return LocalStack.use(settings, async (stack) => {
    const address = addressOfRunning(stack, named)
    const ledger = openLedger(await stack.database())
    const { client, close } = await connectTemporal(address)
    try {
      const file = await openArtifactStore(settings.artifacts, settings.cache).put(bytes, studyFileType)
      const extended = await extendStudy(client, ledger.db, { study, file, ...(of === undefined ? {} : { of }) })
      await stack.keep()
      return extended
    } finally {
      await Promise.all([close(), ledger.close()])
    }
  })
}
