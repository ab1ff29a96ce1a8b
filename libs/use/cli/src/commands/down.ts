import type { Command } from 'commander'
import { LocalStack } from '../local-stack.ts'
import { readSettings } from '../settings.ts'

export function addDown(program: Command): void {
  program
    .command('down')
    .description('end running commands and stop everything local; studies stay resumable')
    .action(async () => {
      const stopped = await new LocalStack(readSettings()).down()
      console.log(stopped.length > 0 ? `Stopped ${stopped.join(', ')}.` : 'Nothing was running.')
    })
}
