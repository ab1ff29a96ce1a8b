import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { StageRequest } from '@gauntlet/contract'
import { digestOf, digestOfBytes } from '@gauntlet/study'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { bundleProtocol } from './bundles/bundle-protocol.ts'
import { Device } from './device.ts'
import { DeviceUnusable, type DeviceLimits } from './device-process.ts'

/*
 * Real device processes with bundles of a few lines: what they hang in, and what is then done with them.
 */

const folder = mkdtempSync(join(tmpdir(), 'gauntlet-device-'))
const devices: Device[] = []
afterEach(() => Promise.all(devices.splice(0).map((device) => device.stop())))
afterAll(() => rmSync(folder, { recursive: true }))

function bundleOf(name: string, body: string, imports = '') {
  const text = `${imports}export default { protocol: ${bundleProtocol}, ${body} }\n`
  const path = join(folder, `${name}.mjs`)
  writeFileSync(path, text)
  return { path, digest: digestOfBytes(Buffer.from(text)) }
}

const engine = bundleOf('engine', `describe: () => ({ device: 'none', pid: process.pid })`)

function deviceWith(limits: Partial<DeviceLimits>, engineBundle = engine): Device {
  const variables = { GAUNTLET_ARTIFACTS: pathToFileURL(join(folder, 'store')).href, GAUNTLET_CACHE: folder }
  const device = new Device(variables, engineBundle as never, limits)
  devices.push(device)
  return device
}

/** Runs a stage whose code is `body`, the body of an async function of the context. */
function runOn(
  device: Device,
  name: string,
  body: string,
  { attempt = 1, signal = new AbortController().signal, onProgress = () => undefined as void } = {},
) {
  const bundle = bundleOf(name, `run: async (request, context) => { ${body} }`)
  const identity = { codeDigest: bundle.digest, environmentClass: digestOf('here') }
  const request = { stageKey: digestOf(name), identity, attempt } as unknown as StageRequest<unknown>
  return device.run(bundle as never, request, onProgress, signal)
}

const fine = 'return { sources: {}, generated: {} }'
/** Blocks the thread for good, without CPU time, as a device that hangs does. */
const hang = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)'

describe('a device', { timeout: 60_000 }, () => {
  it('is lost when its process gives no sign of life, and the next attempt has another process', async () => {
    const device = deviceWith({ silence: 1_500 })
    const { pid } = (await device.start()) as unknown as { pid: number }
    process.kill(pid, 'SIGSTOP')
    const silent = 'The device process gave no sign of life for 1.5 s and was killed.'
    await expect(runOn(device, 'stopped', fine)).rejects.toMatchObject({ failureClass: 'WorkerLost', message: silent })
    await expect(runOn(device, 'hangs', hang)).rejects.toMatchObject({ failureClass: 'WorkerLost', message: silent })
    expect(await runOn(device, 'after', fine)).toMatchObject({ generated: {} })
  })

  it('has failed by a bug when its process crashes, and is lost when somebody kills that', async () => {
    const device = deviceWith({})
    const crashed = runOn(device, 'crashes', 'process.abort()')
    await expect(crashed).rejects.toMatchObject({ failureClass: 'Bug', message: expect.stringContaining('SIGABRT') })
    const killed = runOn(device, 'killed', `process.kill(process.pid, 'SIGKILL'); ${hang}`)
    await expect(killed).rejects.toMatchObject({ failureClass: 'WorkerLost' })
  })

  it('is not lost while it computes without a word', async () => {
    const device = deviceWith({ silence: 1_500 })
    const busy = 'for (const end = Date.now() + 4_000; Date.now() < end;);'
    expect(await runOn(device, 'busy', busy + fine)).toMatchObject({ generated: {} })
  })

  it('is lost when it answers and makes no progress', async () => {
    const device = deviceWith({ progress: 1_500 })
    const waiting = runOn(device, 'waits', 'await new Promise((resolve) => setTimeout(resolve, 60_000))')
    await expect(waiting).rejects.toThrow('made no progress for 1.5 s')
  })

  it('is lost when it does not start', async () => {
    const device = deviceWith({ start: 1_500 }, bundleOf('endless', `describe: () => { ${hang} }`))
    await expect(device.start()).rejects.toThrow('did not start for 1.5 s')
  })

  it('is killed when it does not stop though it was asked to', async () => {
    const device = deviceWith({ cancel: 500 })
    const stop = new AbortController()
    const deaf = 'context.report({ done: 1 }); await new Promise((resolve) => setTimeout(resolve, 60_000))'
    const running = runOn(device, 'deaf', deaf, { signal: stop.signal, onProgress: () => stop.abort() })
    await expect(running).rejects.toThrow('was asked to stop, went on for 0.5 s')
  })

  it('goes on when its whole group is signalled, and ends with its worker', async () => {
    const device = deviceWith({})
    const { pid } = (await device.start()) as unknown as { pid: number }
    const body = `context.report({ done: 1 }); await new Promise((resolve) => setTimeout(resolve, 500)); ${fine}`
    const signals = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'] as const
    const onProgress = () => signals.forEach((signal) => process.kill(pid, signal))
    expect(await runOn(device, 'signalled', body, { onProgress })).toMatchObject({ generated: {} })
    const ignored = BigInt(`0x${/^SigIgn:\s+(\w+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]}`)
    for (const signal of signals) expect((ignored >> BigInt(constants.signals[signal] - 1)) & 1n, signal).toBe(1n)
    void device.stop()
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), 10_000)
  })

  it('runs nothing that was aborted while it started', async () => {
    const device = deviceWith({})
    const stop = new AbortController()
    const running = runOn(device, 'aborted', fine, { signal: stop.signal })
    stop.abort(new Error('draining'))
    await expect(running).rejects.toThrow('draining')
  })

  it('has another process at once where the one before is about to end', async () => {
    const device = deviceWith({})
    const lastWords = `process.on('exit', () => ${hang.replace('0, 0)', '0, 0, 500)')})`
    const lost = `throw Object.assign(new Error('The accelerator failed.'), { name: 'DeviceFailed' })`
    await expect(runOn(device, 'failed', `${lastWords}; ${lost}`)).rejects.toMatchObject({ failureClass: 'WorkerLost' })
    expect(await runOn(device, 'after-failure', fine)).toMatchObject({ generated: {} })
  })

  it('starts again after the system refused it a process once', async () => {
    const device = deviceWith({})
    const { execPath } = process
    process.execPath = join(folder, 'no-program')
    const refused = device.start()
    process.execPath = execPath
    await expect(refused).rejects.toThrow(/could not be started.*ENOENT/)
    expect(await runOn(device, 'refused-once', fine)).toMatchObject({ generated: {} })
  })

  it('cannot be used any more once it has started and does not start again', async () => {
    const own = bundleOf('vanishing', `describe: () => ({ device: 'none' })`)
    const device = deviceWith({}, own)
    await device.start()
    await device.stop()
    rmSync(own.path)
    const failure = await runOn(device, 'vanished', fine).catch((error: Error) => error)
    expect(failure).toBeInstanceOf(DeviceUnusable)
    expect(failure).toMatchObject({
      failureClass: 'WorkerLost',
      message: expect.stringMatching(/^The device does not start: /),
    })
  })

  it('cannot be used any more once its engine is another one than stages are keyed by', async () => {
    const installed = join(folder, 'installed')
    writeFileSync(installed, 'one')
    const describe = `describe: () => ({ device: 'none', environmentClass: readFileSync('${installed}', 'utf8') })`
    const device = deviceWith({}, bundleOf('replaced', describe, `import { readFileSync } from 'node:fs'\n`))
    await device.start()
    expect(await runOn(device, 'same', fine)).toMatchObject({ generated: {} })
    await device.stop()
    writeFileSync(installed, 'another')
    const failure = await runOn(device, 'replaced-engine', fine).catch((error: Error) => error)
    expect(failure).toBeInstanceOf(DeviceUnusable)
    expect(failure).toMatchObject({ failureClass: 'WorkerChanged' })
  })
})
