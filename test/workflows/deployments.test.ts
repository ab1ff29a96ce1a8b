import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { configurationWorkflowId, poolDescriptionQueue, poolQueue, workflowQueue } from '@gauntlet/contract'
import { WorkspaceCopy } from '@gauntlet/infra/fixtures/workspace-copy'
import { bundleWorkflows, runnableCode, type WorkflowBuild } from '@gauntlet/ledger-worker/versions/bundle-workflows'
import { Deployment } from '@gauntlet/ledger-worker/versions/deployment'
import { holdStudies } from '@gauntlet/ledger-worker/versions/hold-studies'
import { VersionWorkers } from '@gauntlet/ledger-worker/versions/version-workers'
import { createWorkflowWorker } from '@gauntlet/ledger-worker/versions/workflow-worker'
import { configurationId } from '@gauntlet/study'
import { Client, Connection } from '@temporalio/client'
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cell, cells } from './cells.fixture.ts'
import { FakeWork } from './fake-work.fixture.ts'
import { startTemporalServer, type TemporalServer } from './temporal-server.fixture.ts'
import { counts, pool, startStudyWorkflow, until } from './workflow-harness.fixture.ts'

/*
 * Workflows that change under a running study, on a real Temporal server: which build goes on with which run.
 */

/** The server looks every second whether a build has runs, and not every three minutes. */
const soonDrained = ['RefreshInterval', 'VisibilityGracePeriod'].map(
  (name) => `matching.wv.VersionDrainageStatus${name}="1s"`,
)

const copy = new WorkspaceCopy()
const buildOfCopy = () => bundleWorkflows(join(copy.folder, 'workflows/src/index.ts'), copy.folder)
let present: WorkflowBuild
let server: TemporalServer
let connection: NativeConnection
let clients: Connection

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') })
  ;[present, server] = await Promise.all([bundleWorkflows(), startTemporalServer(soonDrained)])
  connection = await NativeConnection.connect({ address: server.address })
  clients = await Connection.connect({ address: server.address })
}, 180_000)
afterAll(async () => {
  await Promise.all([connection.close(), clients.close()])
  await server.stop()
  copy.remove()
})

/** Changes a text of a workflow of the copy, and gives its build. */
async function buildWith(file: string, text: string, instead: string): Promise<WorkflowBuild> {
  const undo = copy.edit(join('workflows/src', file), text, instead)
  return buildOfCopy().finally(undo)
}

/** Waits before anything else, so that no history of another build replays. */
const anotherConfiguration = () =>
  buildWith('configuration.ts', '  const memory = newMemory()\n', '  await sleep(10)\n  const memory = newMemory()\n')

describe('the build of the workflows', () => {
  it('has neither a path nor a comment, and is the same from another folder and for another comment', async () => {
    expect(present.code).not.toContain(process.cwd())
    expect(present.code).not.toContain('It never throws because a stage failed')
    expect((await buildOfCopy()).buildId).toBe(present.buildId)
    const commented = await buildWith(
      'configuration.ts',
      '/** Runs every stage',
      '/** Said\n * otherwise. Runs every stage',
    )
    expect(commented.buildId).toBe(present.buildId)
  })

  it('is another one for other workflows', async () => {
    expect((await anotherConfiguration()).buildId).not.toBe(present.buildId)
    expect(readFileSync(join(copy.folder, 'workflows/src/configuration.ts'), 'utf8')).not.toContain('sleep(10)')
  })
})

/** The worker processes of one namespace: those of pools, and a ledger worker of one build at a time. */
class Deploying {
  readonly client: Client
  readonly versions: VersionWorkers
  private readonly namespace = server.freshNamespace()
  private readonly builds = new Map<string, WorkflowBuild>()
  private readonly deployment = new Deployment(connection, this.namespace)
  private readonly running: { readonly worker: Worker; readonly ended: Promise<void> }[] = []

  constructor(readonly work: FakeWork) {
    this.client = new Client({ connection: clients, namespace: this.namespace })
    const create = (build: WorkflowBuild) =>
      createWorkflowWorker({ ...this.place, activities: work.ledgerActivities() }, build)
    const kept = async (buildId: string) => this.builds.get(buildId)!
    this.versions = new VersionWorkers({ deployment: this.deployment, create, kept, log: () => undefined })
  }

  async startPool(): Promise<void> {
    this.run(await Worker.create({ ...this.place, taskQueue: poolQueue(pool), activities: this.work.gpuActivities() }))
    const taskQueue = poolDescriptionQueue(pool)
    this.run(await Worker.create({ ...this.place, taskQueue, activities: this.work.descriptionActivities() }))
  }

  /** Starts a ledger worker of this build as its main does, and gives the studies that stay with another build. */
  async deploy(build: WorkflowBuild) {
    this.builds.set(build.buildId, build)
    const worker = await createWorkflowWorker({ ...this.place, activities: this.work.ledgerActivities() }, build)
    const stop = this.run(worker)
    const held = await holdStudies({ connection, namespace: this.namespace }, build)
    await this.deployment.makeCurrent(build.buildId)
    return { held, stop }
  }

  /** The build that a workflow has run by last. */
  async buildOf(workflowId: string): Promise<string | undefined> {
    const { raw } = await this.client.workflow.getHandle(workflowId).describe()
    return raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId ?? undefined
  }

  async stop(): Promise<void> {
    this.work.release()
    await this.versions.tendUntil(Promise.resolve())
    for (const { worker } of this.running) if (worker.getState() === 'RUNNING') worker.shutdown()
    await Promise.all(this.running.map(({ ended }) => ended))
  }

  /** Runs a worker, and gives what stops it. */
  run(worker: Worker): () => Promise<void> {
    const ended = worker.run()
    this.running.push({ worker, ended })
    return () => {
      worker.shutdown()
      return ended
    }
  }

  get place() {
    return { connection, namespace: this.namespace, shutdownForceTime: '5 s' as const }
  }
}

const configurationOf = (seed: number) => configurationWorkflowId(configurationId(cell(seed)))

/** The lines by which a worker without builds would refuse the workflows. */
const unversioned: Readonly<Record<string, readonly [string, string]>> = {
  study: ["setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, study)", ''],
  configuration: ["setWorkflowOptions({ versioningBehavior: 'PINNED' }, configuration)", ''],
}

/** A study of three configurations by the present build, two of which train until they are let go. */
async function runningStudy() {
  const work = new FakeWork(cells(3))
  const letGo = work.hold('fine-tune')
  const deploying = new Deploying(work)
  await deploying.startPool()
  const first = await deploying.deploy(present)
  const study = await startStudyWorkflow(deploying.client, { window: 2 })
  await until(() => work.callsOf('fine-tune').length === 2)
  return { work, letGo, deploying, first, study }
}

describe('workflows that are deployed under a running study', () => {
  it('leave its configurations with the build that they began with, and begin the others with theirs', async () => {
    const other = await anotherConfiguration()
    const { work, letGo, deploying, first, study } = await runningStudy()
    expect((await deploying.deploy(other)).held).toEqual([])
    await first.stop()
    await deploying.versions.tend()
    letGo()
    expect(deploying.versions.builds).toEqual([present.buildId])
    expect(await study.result()).toEqual(counts({ measured: 3 }))
    expect(await Promise.all([1, 2, 3].map((seed) => deploying.buildOf(configurationOf(seed))))).toEqual([
      present.buildId,
      present.buildId,
      other.buildId,
    ])
    expect(await deploying.buildOf(study.workflowId)).toBe(other.buildId)
    expect(work.callsOf('fine-tune')).toHaveLength(3)
    await until(async () => {
      await deploying.versions.tend()
      return deploying.versions.builds.length === 0
    })
    await deploying.stop()
  })

  it('leave a study whose history they cannot replay with its build, to its end', async () => {
    const text = '  if (!input.carried) await recordStudy(input)\n'
    const other = await buildWith('study.ts', text, `  await Promise.all([recordStudy(input), recordStudy(input)])\n`)
    const { letGo, deploying, first, study } = await runningStudy()
    const { held } = await deploying.deploy(other)
    expect(held).toEqual([{ workflowId: study.workflowId, buildId: present.buildId }])
    await first.stop()
    await deploying.versions.tend()
    letGo()
    expect(await study.result()).toEqual(counts({ measured: 3 }))
    for (const id of [study.workflowId, configurationOf(1), configurationOf(3)])
      expect(await deploying.buildOf(id)).toBe(present.buildId)
    await deploying.stop()
  })

  it('begin configurations again whose history their own build does not replay', async () => {
    const other = await anotherConfiguration()
    const { work, letGo, deploying, first, study } = await runningStudy()
    const { runId } = await deploying.client.workflow.getHandle(configurationOf(1)).describe()
    await first.stop()
    await deploying.deploy({ ...other, buildId: present.buildId })
    letGo()
    expect(await study.result()).toEqual(counts({ measured: 3 }))
    const handle = deploying.client.workflow.getHandle(configurationOf(1))
    expect((await handle.describe()).runId).not.toBe(runId)
    expect(work.missingCells).toEqual([])
    await deploying.stop()
  })

  it('go on with runs of before there were builds', async () => {
    const work = new FakeWork(cells(2))
    const letGo = work.hold('fine-tune')
    const deploying = new Deploying(work)
    await deploying.startPool()
    const undo = ['study', 'configuration'].map((name) => copy.edit(`workflows/src/${name}.ts`, ...unversioned[name]!))
    const before = await buildOfCopy()
    for (const each of undo) each()
    const earlier = await Worker.create({
      ...deploying.place,
      taskQueue: workflowQueue,
      workflowBundle: { code: runnableCode(before) },
      activities: work.ledgerActivities(),
      enableNonLocalActivities: false,
    })
    const stop = deploying.run(earlier)
    const study = await startStudyWorkflow(deploying.client, { window: 2 })
    await until(() => work.callsOf('fine-tune').length === 2)
    await stop()
    expect((await deploying.deploy(present)).held).toEqual([])
    letGo()
    expect(await study.result()).toEqual(counts({ measured: 2 }))
    expect(await deploying.buildOf(configurationOf(1))).toBe(present.buildId)
    expect(work.callsOf('fine-tune')).toHaveLength(2)
    await deploying.stop()
  })
})
