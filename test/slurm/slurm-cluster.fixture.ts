import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { freePort } from '@gauntlet/infra'

const run = promisify(execFile)

/**
 * A real SLURM on this machine: one node, whose cores are those of the machine, munge, no accounting. It needs root and
 * the packages that `infra/pools/install-slurm.sh` installs.
 */
export class SlurmCluster {
  private readonly folder = mkdtempSync(join(tmpdir(), 'gauntlet-slurm-'))
  private readonly node = hostname().split('.')[0]!
  private readonly daemons = ['slurmd', 'slurmctld', 'munged']

  /** Variables by which the commands of SLURM find this cluster. */
  get variables(): NodeJS.ProcessEnv {
    return { SLURM_CONF: join(this.folder, 'slurm.conf') }
  }

  /** Starts the daemons. */
  async start(): Promise<void> {
    const at = (name: string) => join(this.folder, name)
    for (const name of ['state', 'spool']) mkdirSync(at(name))
    writeFileSync(at('munge.key'), randomBytes(1_024), { mode: 0o400 })
    writeFileSync(at('slurm.conf'), await this.configuration())
    await run('munged', [
      '--force',
      `--key-file=${at('munge.key')}`,
      `--socket=${at('munge.socket')}`,
      `--pid-file=${at('munged.pid')}`,
      `--log-file=${at('munged.log')}`,
      `--seed-file=${at('munged.seed')}`,
    ])
    for (const [command, args] of [
      ['slurmctld', []],
      ['slurmd', ['-N', this.node]],
    ] as const)
      await daemon(command, ['-f', at('slurm.conf'), ...args])
    for (let waited = 0; !(await this.slurm('sinfo', '--noheader', '--format=%T')).startsWith('idle'); waited += 200) {
      if (waited > 30_000) throw new Error(`SLURM does not start; see ${this.folder}`)
      await sleep(200)
    }
  }

  /** Runs a command of SLURM, and gives what it prints. */
  async slurm(command: string, ...args: string[]): Promise<string> {
    const { stdout } = await run(command, args, { env: { ...process.env, ...this.variables } })
    return stdout
  }

  /** Lets the node take no more jobs, or take them again. */
  async setNode(state: 'drain' | 'resume'): Promise<void> {
    const reason = state === 'drain' ? ['reason=test'] : []
    await this.slurm('scontrol', 'update', `nodename=${this.node}`, `state=${state}`, ...reason)
  }

  /** Ids of the jobs of this cluster. */
  async jobs(...options: string[]): Promise<string[]> {
    const printed = await this.slurm('squeue', '--noheader', '--array', '--format=%i', ...options)
    return printed.split('\n').filter(Boolean)
  }

  /** Ends the daemons, by their ids, and removes the folder. */
  async remove(): Promise<void> {
    for (const job of await this.jobs().catch(() => []))
      await this.slurm('scancel', '--signal=KILL', job).catch(() => {})
    for (const name of this.daemons) {
      try {
        process.kill(Number(readFileSync(join(this.folder, `${name}.pid`), 'utf8')))
      } catch {
        continue // it never started
      }
    }
    await sleep(1_000)
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }

  private async configuration(): Promise<string> {
    const at = (name: string) => join(this.folder, name)
    const ports = [await freePort(), await freePort()]
    return `ClusterName=gauntlet
SlurmctldHost=${this.node}(127.0.0.1)
SlurmctldPort=${ports[0]}
SlurmdPort=${ports[1]}
AuthType=auth/munge
AuthInfo=socket=${at('munge.socket')}
SlurmUser=root
SlurmdUser=root
StateSaveLocation=${at('state')}
SlurmdSpoolDir=${at('spool')}
SlurmctldPidFile=${at('slurmctld.pid')}
SlurmdPidFile=${at('slurmd.pid')}
SlurmctldLogFile=${at('slurmctld.log')}
SlurmdLogFile=${at('slurmd.log')}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
ReturnToService=2
KillWait=30
MinJobAge=60
NodeName=${this.node} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=gpu Nodes=ALL Default=YES MaxTime=INFINITE State=UP
`
  }
}

/** Starts a daemon, which goes on by itself once the command that started it has ended. */
function daemon(command: string, args: readonly string[]): Promise<void> {
  return new Promise((done, failed) => {
    const child = spawn(command, args, { stdio: 'ignore' })
    child.on('error', failed)
    child.on('exit', (code) => (code === 0 ? done() : failed(new Error(`${command} ended with ${code}`))))
  })
}
