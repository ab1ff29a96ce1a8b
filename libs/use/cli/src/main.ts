import { Command, CommanderError } from 'commander'
import { addCommands } from './commands/index.ts'
import { reportError } from './report-error.ts'

// A terminal that was closed (EIO) or a reader that has seen enough (EPIPE) ends the output and not the command, which
// has services to stop.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EIO' || error.code === 'EPIPE') return
    process.exitCode = 1
    console.error(`The output cannot be written (${error.code ?? error.message}); write it elsewhere.`)
  })

/** `gauntlet`: exit codes are 0 done, 1 failed, 2 misuse. */
const program = await addCommands(
  new Command('gauntlet')
    .description('Robustness studies as durable, auditable workflows.')
    .option('--verbose', 'show stack traces')
    .addHelpText('after', '\nStart with: npx gauntlet run quickstart')
    .showSuggestionAfterError()
    .exitOverride(),
  process.argv.slice(2),
)

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else process.exitCode = reportError(error, program.opts<{ verbose?: boolean }>().verbose === true)
}
