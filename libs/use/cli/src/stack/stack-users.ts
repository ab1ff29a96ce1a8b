import { claimHome } from '@gauntlet/infra'
import { exclusively, makeFolder, processIdentity, writeFileAtomically } from '@gauntlet/files'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** The file that marks services started by `up`: they run until `down`, whichever commands come and go. */
const kept = 'kept'

/**
 * The commands that use the services of one home. Each has a file, named by its pid, which holds the identity that
 * tells its process from a later one with the same pid. The last command to leave stops the services, so that two
 * studies running side by side do not stop each other's.
 */
export class StackUsers {
  private readonly folder: string

  constructor(private readonly home: string) {
    this.folder = join(home, 'users')
    makeFolder(this.folder)
  }

  /**
   * Enters this command as a user of the services. Waits while another command stops them. Throws `HomeElsewhere` where
   * another host has the home, on which the process ids in this folder would mean nothing.
   */
  async enter(): Promise<void> {
    await this.exclusively(async () => {
      await claimHome(this.home)
      await writeFileAtomically(this.file(process.pid), processIdentity(process.pid) ?? '')
    })
  }

  /** Removes this command from the users, and calls `stop` if no other one is left. */
  async leave(stop: () => Promise<unknown>): Promise<void> {
    await this.exclusively(async () => {
      rmSync(this.file(process.pid), { force: true })
      if (!this.names().includes(kept) && this.others().length === 0) await stop()
    })
  }

  /** Keeps the services running when the last command leaves. */
  async keep(): Promise<void> {
    await writeFileAtomically(join(this.folder, kept), '')
  }

  /**
   * Ends every other command as Ctrl-C does, waits for them, and lets the last command to leave stop the services
   * again.
   */
  async endOthers(limitMilliseconds = 20_000): Promise<void> {
    rmSync(join(this.folder, kept), { force: true })
    for (const pid of this.others()) process.kill(pid, 'SIGTERM')
    for (let waited = 0; waited < limitMilliseconds && this.others().length > 0; waited += 50) await sleep(50)
  }

  /** Whether no other command uses the services, even if `up` keeps them running. */
  areNone(): boolean {
    return this.others().length === 0
  }

  /** The pids of the other commands that are alive. */
  others(): number[] {
    return this.names()
      .map(Number)
      .filter((pid) => pid > 0 && pid !== process.pid && processIdentity(pid) === readIdentity(this.file(pid)))
  }

  private names(): string[] {
    return readdirSync(this.folder)
  }

  private file(pid: number): string {
    return join(this.folder, String(pid))
  }

  /** Says so where another command takes long to stop the services, whose workers may have work to save. */
  private async exclusively<T>(action: () => Promise<T>): Promise<T> {
    const notice = setTimeout(
      () => console.error(`Waiting for another command, which stops the services under ${this.home}.`),
      3_000,
    )
    try {
      return await exclusively(`${this.folder}.lock`, () => {
        clearTimeout(notice)
        return action()
      })
    } finally {
      clearTimeout(notice)
    }
  }
}

/** The identity in a file; null where the command has left meanwhile, which is the identity of no process. */
function readIdentity(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}
