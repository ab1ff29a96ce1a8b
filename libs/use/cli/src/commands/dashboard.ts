import type { Command } from 'commander'
import { openArtifactStore } from '@gauntlet/artifacts'
import { openLedger } from '@gauntlet/ledger'
import { startDashboard } from '../stack/dashboard-server.ts'
import { interruptible } from '../interruptible.ts'
import { wholeNumber } from '../parse/whole-number.ts'
import { LocalStack } from '../stack/local-stack.ts'
import { openBrowser } from '../open-browser.ts'
import { readCommandSettings } from '../settings.ts'

interface DashboardFlags {
  readonly host: string
  readonly port?: number
  readonly readOnly?: boolean
  readonly open?: boolean
}

export function addDashboard(program: Command): void {
  program
    .command('dashboard')
    .description('show the studies of the ledger in a browser, live, until Ctrl-C')
    .option('--host <address>', 'address to listen on; any but loopback needs GAUNTLET_DASHBOARD_TOKEN', '127.0.0.1')
    .option(
      '--port <number>',
      'port to listen on; 0 for any free one (default: 4680, or any free one where that is in use)',
      wholeNumber('--port', 0, 65_535),
    )
    .option('--read-only', 'let nobody act from the page')
    .option('--open', 'open the page in the browser')
    .action(async ({ host, port, readOnly, open }: DashboardFlags) => {
      const settings = readCommandSettings()
      const token = process.env['GAUNTLET_DASHBOARD_TOKEN'] || undefined
      const options = { hostname: host, port, token, readOnly: readOnly === true }
      await LocalStack.use(settings, async (stack) => {
        const ledger = openLedger(await stack.database())
        try {
          const session = { settings, db: ledger.db, store: openArtifactStore(settings.artifacts, settings.cache) }
          const server = await startDashboard(session, stack, options)
          console.log(`Dashboard at ${server.url}${token ? '?token=… (once)' : ''}; Ctrl-C ends it.`)
          if (open) openBrowser(server.url)
          await interrupted()
          await server.close()
        } finally {
          await ledger.close()
        }
      })
    })
}

/** Waits for Ctrl-C, or a request to terminate. That is how the command ends, so it is no failure. */
function interrupted(): Promise<void> {
  return interruptible(
    '',
    (signal) => new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve())),
  )
}
