import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { serviceStatus, stopServices, type ServiceStatus } from '@gauntlet/infra'
import { killTrees } from './kill-trees.fixture.ts'

/** How a command ended. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A command that runs. */
export interface Running {
  readonly process: ChildProcess
  readonly ended: Promise<Ended>
  /** As `until`, but fails once the command has ended. */
  readonly until: typeof until
}

/** How commands are started in a home. */
interface HomeOptions {
  /** Root of the checkout whose `gauntlet` is run; this one unless given. */
  readonly checkout?: string
  /** The program that runs them, and is called `node`; the one that runs the tests unless given. */
  readonly node?: string
  /** Of their environment, besides the home. */
  readonly variables?: NodeJS.ProcessEnv
}

/**
 * A Gauntlet home of its own, the commands that were started in it, and the way to be rid of both. Its path and the
 * environment of its commands are as awkward as real ones.
 */
export class GauntletHome {
  readonly folder = mkdtempSync(join(tmpdir(), 'gauntlet end-to-end é-'))
  /** Of the environment of the commands started from now on, besides the home. */
  variables: NodeJS.ProcessEnv
  private readonly commands = new Set<ChildProcess>()
  private readonly program: string
  private readonly node: string | undefined

  constructor({ checkout = resolve(import.meta.dirname, '../..'), node, variables = {} }: HomeOptions = {}) {
    this.program = join(checkout, 'libs/use/cli/bin/gauntlet.mjs')
    this.node = node
    this.variables = variables
  }

  /** Writes a study file and returns its path. */
  study(name: string, text: string): string {
    const file = join(this.folder, `${name}.study.yaml`)
    writeFileSync(file, text)
    return file
  }

  /**
   * Starts `gauntlet …` in the folder of the home, with no settings of the environment but this home and `variables`.
   */
  start(...args: string[]): Running {
    const child = spawn(this.node ?? process.execPath, [this.program, ...args], {
      cwd: this.folder,
      env: this.environment(),
      stdio: 'pipe',
    })
    this.commands.add(child)
    let [stdout, stderr] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => void (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => void (stderr += text))
    const ended = new Promise<Ended>((done, failed) => {
      child.on('error', failed)
      child.on('close', (code) => {
        this.commands.delete(child)
        done({ code, stdout, stderr })
      })
    })
    return {
      process: child,
      ended,
      until: (what, look, options) => until(what, look, { ...options, unless: () => failureOf(child, stderr) }),
    }
  }

  run(...args: string[]): Promise<Ended> {
    return this.start(...args).ended
  }

  /** Runs a command that must succeed, and gives its standard output. */
  async succeed(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...args)
    if (code !== 0) throw new Error(`gauntlet ${args.join(' ')} ended with ${code}: ${stderr}`)
    return stdout
  }

  async json<T>(...args: string[]): Promise<T> {
    return JSON.parse(await this.succeed(...args, '--json')) as T
  }

  services(): ServiceStatus[] {
    return serviceStatus(this.folder)
  }

  running(): string[] {
    return this.services().flatMap(({ name, state }) => (state === 'running' ? [name] : []))
  }

  pid(service: string): number {
    const found = this.services().find(({ name, state }) => name === service && state === 'running')
    if (found?.pid === undefined) throw new Error(`${service} does not run`)
    return found.pid
  }

  /** Kills every service, every worker, every command and all their processes at once, as a power cut does. */
  killEverything(): void {
    const commands = [...this.commands].flatMap(({ pid }) => (pid === undefined ? [] : [pid]))
    killTrees([...commands, ...this.services().flatMap(({ pid }) => (pid === undefined ? [] : [pid]))])
  }

  /** The file of an artifact. */
  artifactFile(digest: string): string {
    return join(this.folder, 'artifacts/sha256', digest.slice(0, 2), digest)
  }

  /** The mid-stage checkpoints: stage key → digest. */
  midStageCheckpoints(): Map<string, string> {
    const folder = join(this.folder, 'artifacts/pointers')
    const files = listOrNothing(folder).filter((file) => /^stage-[0-9a-f]{64}\.json$/.test(file))
    return new Map(
      files.map((file) => {
        const { value } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { value: string }
        return [file.slice('stage-'.length, -'.json'.length), value]
      }),
    )
  }

  /** Ends all processes that were started here, by their ids, and removes the folder. */
  async remove(): Promise<void> {
    killTrees([...this.commands].flatMap(({ pid }) => (pid === undefined ? [] : [pid])))
    await stopServices(this.folder, { limitMilliseconds: 10_000 })
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }

  private environment(): NodeJS.ProcessEnv {
    const { GAUNTLET_CACHE, ...inherited } = process.env
    const own = Object.entries(inherited).filter(([name]) => !/^(GAUNTLET|TEMPORAL|VITEST)_|^DATABASE_URL$/.test(name))
    const cache = GAUNTLET_CACHE === undefined ? {} : { GAUNTLET_CACHE }
    const path = this.node === undefined ? {} : { PATH: [dirname(this.node), inherited['PATH']].join(delimiter) }
    const settings = { ...cache, ...path, GAUNTLET_HOME: this.folder, GAUNTLET_DEVICES: '2' }
    return { ...Object.fromEntries(own), ...awkward(inherited), ...settings, ...this.variables }
  }
}

/**
 * What environments hold that is not about Gauntlet: settings for another Postgres, a mode for another program, and a
 * proxy that does not answer, except for the mirrors that this machine really uses.
 */
function awkward(inherited: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const mirrors = ['PIP_INDEX_URL', 'npm_config_registry', 'HF_ENDPOINT'].flatMap((name) => {
    const address = inherited[name] ?? ''
    return URL.canParse(address) ? [new URL(address).hostname] : []
  })
  return {
    PGSSLMODE: 'verify-full',
    PGHOST: 'another.invalid',
    PGOPTIONS: '-c search_path=another',
    NODE_ENV: 'production',
    http_proxy: 'http://127.0.0.1:9',
    no_proxy: [inherited['no_proxy'] ?? '', ...mirrors].join(','),
  }
}

function listOrNothing(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function failureOf({ exitCode, signalCode }: ChildProcess, stderr: string): string | null {
  return exitCode === null && signalCode === null
    ? null
    : `the command has ended (${signalCode ?? exitCode}):\n${stderr}`
}

interface WaitOptions {
  readonly limitSeconds?: number
  /** A reason to stop waiting; null while there is none. */
  readonly unless?: () => string | null
}

/** Calls `look` every 20 ms until it gives something. Throws when the time is over. */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  { limitSeconds = 120, unless = () => null }: WaitOptions = {},
): Promise<NonNullable<T>> {
  for (const deadline = Date.now() + 1000 * limitSeconds; Date.now() < deadline; await sleep(20)) {
    const reason = unless()
    if (reason !== null) throw new Error(`waited in vain until ${what}: ${reason}`)
    const seen = await look()
    if (seen) return seen
  }
  throw new Error(`waited ${limitSeconds} s in vain until ${what}`)
}
