import { Command } from 'commander'
import { vi } from 'vitest'

/** Calls a command as the command line does, and gives what it printed. */
export async function callCommand(add: (program: Command) => void, ...args: string[]): Promise<string> {
  const log = vi.spyOn(console, 'log').mockReturnValue()
  try {
    const program = new Command()
    add(program)
    await program.parseAsync(args, { from: 'user' })
    return log.mock.calls.map(([text]) => String(text)).join('\n')
  } finally {
    log.mockRestore()
  }
}
