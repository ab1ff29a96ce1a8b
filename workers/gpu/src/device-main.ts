import { openArtifactStore } from '@gauntlet/artifacts'
import { explainFailure } from '@gauntlet/contract'
import { ignoreSignals } from '@gauntlet/engine/signals'
import { join } from 'node:path'
import type { EngineModule } from './bundles/engine-module.ts'
import type { FromDevice, ToDevice } from './device-protocol.ts'
import { measureUsage } from './usage.ts'
import { loadBundle, runBundle } from './run-bundle.ts'

/*
 * The process that owns one device. It takes one stage at a time from its worker over IPC, executes the bundle of the
 * stage, which reads and writes artifacts itself, and answers with references. All tensor code in it comes from
 * bundles. When the worker goes away it stops too: a device process without a worker would fight its successor for the
 * device.
 */

const cache = required('GAUNTLET_CACHE')
const store = openArtifactStore(required('GAUNTLET_ARTIFACTS'), cache)
const cacheFolder = join(cache, 'sources')
const running = new Map<number, AbortController>()

// A terminal, a cluster or systemd signals the whole group. Only the worker stops this process: it asks the stage for a
// checkpoint first, which a signal of the others would forestall.
ignoreSignals(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'])

process.on('disconnect', () => process.exit(0))
process.on('message', (message: ToDevice) => {
  if (message.type === 'cancel') running.get(message.id)?.abort()
  else void run(message)
})

// Before the first stage, so that an engine that does not compute costs no attempt: `gauntlet run` starts a worker to
// hear what it is (describe-main.ts), and gets no further.
const { describe } = await loadBundle<EngineModule>(process.argv[2]!)
send({ type: 'ready', ...describe() })

async function run({ id, bundle, request }: Extract<ToDevice, { type: 'run' }>): Promise<void> {
  const controller = new AbortController()
  running.set(id, controller)
  const alive = setInterval(() => send({ type: 'alive', id }), 1_000)
  const usage = measureUsage()
  try {
    const report = (progress: Extract<FromDevice, { type: 'progress' }>['progress']) =>
      send({ type: 'progress', id, progress })
    const surroundings = { store, cacheFolder, programCache: cache, signal: controller.signal, report }
    const result = await runBundle(bundle, request, surroundings)
    send({ type: 'done', id, result: { ...result, usage: usage() } })
  } catch (error) {
    const failure = explainFailure(error)
    if (failure.failureClass === 'Bug') console.error(error instanceof Error ? error.stack : error)
    send({ type: 'failed', id, ...failure })
    if (failure.failureClass === 'WorkerLost') process.disconnect() // the next attempt has a new process
  } finally {
    clearInterval(alive)
    running.delete(id)
  }
}

function send(message: FromDevice): void {
  process.send!(message)
}

function required(name: string): string {
  const value = process.env[name]
  if (!value) throw new Error(`The device process needs ${name}; start it through its worker.`)
  return value
}
