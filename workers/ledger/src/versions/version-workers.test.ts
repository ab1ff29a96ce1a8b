import { openArtifactStore } from '@gauntlet/artifacts'
import { emptyFolder } from '@gauntlet/files/fixtures/empty-folder'
import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'
import { buildOf } from './bundle-workflows.ts'
import { keepBuild, keptBuild } from './kept-builds.ts'
import { VersionWorkers } from './version-workers.ts'

/** A worker that runs until it is shut down, or ends with an error. */
function fakeWorker() {
  let [state, end, fail]: ['RUNNING' | 'STOPPED', () => void, (error: Error) => void] = ['RUNNING', () => {}, () => {}]
  const ended = new Promise<void>((done, failed) => {
    end = done
    fail = failed
  })
  return {
    run: () => ended,
    getState: () => state,
    shutdown: () => {
      state = 'STOPPED'
      end()
    },
    fail: (error: Error) => {
      state = 'STOPPED'
      fail(error)
    },
  }
}

/** Builds that are kept, the workers that were made for them, and what is said. */
function versions(wanted: string[]) {
  const [lines, made] = [
    [] as string[],
    [] as { readonly buildId: string; readonly worker: ReturnType<typeof fakeWorker> }[],
  ]
  const workers = new VersionWorkers({
    deployment: { draining: async () => wanted },
    create: async ({ buildId }) => {
      const worker = fakeWorker()
      made.push({ buildId, worker })
      return worker
    },
    kept: async (buildId) => {
      if (buildId === 'lost') throw new Error('it is missing')
      return { buildId, code: '' }
    },
    log: (line) => void lines.push(line),
  })
  return { workers, made, lines }
}

it('starts one worker for each build with runs, and stops it when there are none', async () => {
  const wanted = ['a', 'b']
  const { workers, made } = versions(wanted)
  await workers.tend()
  await workers.tend()
  expect(made.map(({ buildId }) => buildId)).toEqual(['a', 'b'])
  wanted.shift()
  await workers.tend()
  await made[0]!.worker.run()
  expect(made.map(({ worker }) => worker.getState())).toEqual(['STOPPED', 'RUNNING'])
  expect(workers.builds).toEqual(['b'])
})

it('starts another worker where one has ended by itself, and tells why', async () => {
  const { workers, made, lines } = versions(['a'])
  await workers.tend()
  made[0]!.worker.fail(new Error('no connection'))
  await expect(made[0]!.worker.run()).rejects.toThrow('no connection')
  await workers.tend()
  expect(made).toHaveLength(2)
  expect(lines.join('\n')).toMatch(/the worker of build a has ended: Error: no connection/)
})

it('goes on with the others where a build is lost, and says so once', async () => {
  const { workers, lines } = versions(['lost', 'b'])
  await workers.tend()
  await workers.tend()
  expect(workers.builds).toEqual(['b'])
  expect(lines.filter((line) => /build lost .*it is missing.*gauntlet cancel/.test(line))).toHaveLength(1)
})

it('stops all of them at the end', async () => {
  const { workers, made } = versions(['a', 'b'])
  await workers.tend()
  await workers.tendUntil(Promise.resolve())
  expect(made.map(({ worker }) => worker.getState())).toEqual(['STOPPED', 'STOPPED'])
})

it('a build is kept by its digest, and by a pointer that garbage collection respects', async () => {
  const store = openArtifactStore(pathToFileURL(emptyFolder()).href)
  const build = buildOf('exports.importWorkflows = () => ({})')
  await keepBuild(store, build)
  expect(await keptBuild(store, build.buildId)).toEqual(build)
  const pointers: string[] = []
  for await (const { name } of store.listPointers()) pointers.push(name)
  expect(pointers).toEqual([`workflows-${build.buildId}`])
})
