import { closeReach } from '@gauntlet/infra'
import type { Command } from 'commander'
import { LocalStack } from '../stack/local-stack.ts'
import { readCommandSettings } from '../settings.ts'

export function addDown(program: Command): void {
  program
    .command('down')
    .description('end the running commands and stop the local services and workers; studies can be resumed')
    .action(async () => {
      const settings = readCommandSettings()
      const stopped = await new LocalStack(settings).down()
      closeReach(settings.home)
      console.log(stopped.length > 0 ? `Stopped ${stopped.join(', ')}.` : 'Nothing was running.')
    })
}
