import { exclusively, processIdentity, writeFileAtomically } from '@gauntlet/files'
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** The mark of services that `up` started: they run until `down`, whoever else comes and goes. */
const kept = 'kept'

/**
 * The commands that need the services of one home right now: a file each, named by its pid, which holds what tells that
 * process from a later one with the same pid. Whoever leaves last stops the services, so that two studies running side
 * by side do not stop each other's.
 */
export class StackUsers {
  private readonly folder: string

  constructor(home: string) {
    this.folder = join(home, 'users')
    mkdirSync(this.folder, { recursive: true })
  }

  /** From now on the services are needed by this command. Waits while another one stops them. */
  async enter(): Promise<void> {
    await this.exclusively(async () => writeFileAtomically(this.file(process.pid), processIdentity(process.pid) ?? ''))
  }

  /** This command is done; `stop` is called if nobody else needs the services. */
  async leave(stop: () => Promise<unknown>): Promise<void> {
    await this.exclusively(async () => {
      rmSync(this.file(process.pid), { force: true })
      if (!this.names().includes(kept) && this.others().length === 0) await stop()
    })
  }

  /** The services stay when the last command leaves. */
  async keep(): Promise<void> {
    await writeFileAtomically(join(this.folder, kept), '')
  }

  /** Asks every other command to leave, as Ctrl-C does, and waits for them; then nobody keeps the services. */
  async dismiss(limitMilliseconds = 20_000): Promise<void> {
    rmSync(join(this.folder, kept), { force: true })
    for (const pid of this.others()) process.kill(pid, 'SIGTERM')
    for (let waited = 0; waited < limitMilliseconds && this.others().length > 0; waited += 50) await sleep(50)
  }

  /** Living commands besides this one. */
  private others(): number[] {
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

  private exclusively<T>(action: () => Promise<T>): Promise<T> {
    return exclusively(`${this.folder}.lock`, action)
  }
}

/** Null where the command has left between two looks, which is the identity of no process. */
function readIdentity(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}
