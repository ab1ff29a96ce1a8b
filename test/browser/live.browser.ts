import { connect, restartStudy } from '@gauntlet/client'
import { studyWorkflowId } from '@gauntlet/contract'
import { recordFailure, recordStudy } from '@gauntlet/ledger'
import { studyOf } from '@gauntlet/ledger/fixtures/ledger'
import { configurationId } from '@gauntlet/study'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTemporalServer, type TemporalServer } from '../workflows/temporal-server.fixture.ts'
import { activeCell, complaintsOf } from './browser.fixture.ts'
import { useDashboard, type ServedDashboard } from './dashboard.fixture.ts'

let temporal: TemporalServer
let connection: Awaited<ReturnType<typeof connect>>
beforeAll(async () => {
  temporal = await startTemporalServer()
  connection = await connect({ address: temporal.address, namespace: temporal.freshNamespace() })
})
afterAll(async () => {
  await connection.close()
  await temporal.stop()
})

const dashboard: ServedDashboard = useDashboard(
  { backbones: 3, datasets: 1, done: 0.5 },
  {
    actions: {
      retry: {
        sentence: 'Runs the study again.',
        async run(studyId) {
          await restartStudy(connection.client, dashboard.dependencies, studyId)
          return 'The study runs.'
        },
      },
    },
  },
)
const size = () => dashboard.study.configurations.length

it('fills cells without a reload, also after the server was killed and came back, in every tab', async () => {
  const context = await dashboard.browser.newContext()
  const tabs = await Promise.all([context.newPage(), context.newPage(), context.newPage()])
  const complaints = tabs.flatMap(complaintsOf)
  const streams: string[] = []
  context.on('request', (request) => {
    if (request.url().includes('/api/events')) streams.push(request.url())
  })
  for (const tab of tabs) {
    await tab.goto(`${dashboard.server.url}studies/simulated/matrix?perturbation=clean&rows=backbone,protocol,loss`)
    await tab.getByRole('grid').focus()
    await tab.keyboard.press('Control+End')
    expect(await activeCell(tab)).toContain('Not run yet')
  }
  expect(streams).toHaveLength(1) // one for all tabs
  await dashboard.study.measure(size() - 1, size())
  for (const tab of tabs) await expect.poll(() => activeCell(tab), { timeout: 10_000 }).toContain('of 1000 images')
  // While the server is away, more is measured; the pages say that it is away, and take it in afterwards.
  for (const tab of tabs) await tab.keyboard.press('ArrowUp')
  const back = dashboard.restart(3_000)
  await tabs[0]!.getByText('The server does not answer').waitFor()
  await dashboard.study.measure(size() - 2, size() - 1)
  await back
  for (const tab of tabs) {
    await tab.getByRole('grid').focus()
    await tab.keyboard.press('Control+End')
    await tab.keyboard.press('ArrowUp')
    await expect.poll(() => activeCell(tab), { timeout: 20_000 }).toContain('of 1000 images')
  }
  // The tab that holds the stream closes, and another one takes over.
  await tabs[0]!.close()
  await dashboard.study.measure(size() - 3, size() - 2)
  await tabs[1]!.keyboard.press('ArrowUp')
  await expect.poll(() => activeCell(tabs[1]!), { timeout: 10_000 }).toContain('of 1000 images')
  expect([complaints, dashboard.bugs]).toEqual([[], []])
  await context.close()
}, 120_000)

it('goes on by itself with what it could not read while the server was away', async () => {
  const page = await dashboard.browser.newPage()
  await page.goto(dashboard.server.url)
  await page.getByRole('link', { name: 'simulated' }).waitFor()
  const back = dashboard.restart(3_000)
  await page.getByText('The server does not answer; the page goes on by itself').waitFor()
  await page.getByRole('link', { name: 'simulated' }).click()
  await page.getByRole('alert').waitFor()
  await back
  await page.getByRole('grid').waitFor({ timeout: 10_000 })
  const backAgain = dashboard.restart(3_000)
  await page.getByText('The server does not answer; the page goes on by itself').waitFor()
  await page.getByRole('grid').focus()
  await page.keyboard.press('Enter')
  await page.getByRole('alert').waitFor()
  await backAgain
  await page.getByRole('link', { name: 'Where this number comes from' }).waitFor({ timeout: 10_000 })
  expect(await page.getByRole('alert').count()).toBe(0)
  await page.close()
}, 60_000)

it('retries once where two browsers press at once', async () => {
  const pages = await Promise.all([1, 2].map(async () => (await dashboard.browser.newContext()).newPage()))
  for (const page of pages) await page.goto(`${dashboard.server.url}studies/simulated/now`)
  await Promise.all(pages.map((page) => page.getByRole('button', { name: 'Retry' }).click()))
  for (const page of pages) await page.getByText('The study runs.').waitFor()
  const runs = []
  await expect
    .poll(async () => {
      runs.length = 0
      const query = `WorkflowId = '${studyWorkflowId(dashboard.study.id)}'`
      for await (const run of connection.client.workflow.list({ query })) runs.push(run.runId)
      return runs.length
    })
    .toBe(1)
  for (const page of pages) await page.close()
}, 60_000)

it('keeps its memory over 100,000 changes', async () => {
  const page = await dashboard.browser.newPage()
  await page.goto(`${dashboard.server.url}studies/simulated/matrix`)
  await page.getByRole('grid').waitFor()
  const session = await page.context().newCDPSession(page)
  const heap = async () => {
    await session.send('HeapProfiler.collectGarbage')
    return ((await session.send('Runtime.getHeapUsage')) as { usedSize: number }).usedSize
  }
  // The server coalesces what is written; here each change arrives as an event of its own.
  await page.evaluate(`{ const channel = new BroadcastChannel('gauntlet changes');
    window.tellAll = () => { for (let i = 0; i < 10000; i++) channel.postMessage({
      position: '', isConnected: true, change: { studies: ['${dashboard.study.id}'], isOther: false } }) } }`)
  await page.evaluate('window.tellAll()')
  await page.waitForTimeout(2_000)
  const before = await heap()
  for (let i = 0; i < 9; i++) {
    await page.evaluate('window.tellAll()')
    await page.waitForTimeout(500)
  }
  await page.waitForTimeout(2_000)
  const after = await heap()
  console.log(`heap after 10,000 changes ${(before / 1e6).toFixed(1)} MB, after 100,000 ${(after / 1e6).toFixed(1)} MB`)
  expect(after).toBeLessThan(before * 1.5 + 5e6)
  await page.close()
}, 120_000)

it('takes in many failures of one cell as they come, and shows the last', async () => {
  const page = await dashboard.browser.newPage()
  await page.goto(`${dashboard.server.url}studies/simulated/now`)
  const configuration = dashboard.study.configurations[size() - 5]!
  for (let i = 0; i < 50; i++)
    await recordFailure(dashboard.dependencies.db, {
      studyId: dashboard.study.id,
      configurationId: configurationId(configuration),
      stage: 'fine-tune',
      stageKey: null,
      perturbation: null,
      failureClass: 'Bug',
      message: `attempt by worker ${String.fromCharCode(65 + (i % 26))} ${i}`,
      evidence: null,
    })
  await expect.poll(() => page.getByText('attempt by worker X 49').count()).toBe(1)
  await page.close()
}, 60_000)

it('keeps to the study that it has read where another one of its name is recorded', async () => {
  const page = await dashboard.browser.newPage()
  await page.goto(`${dashboard.server.url}studies/simulated/matrix?perturbation=clean&rows=backbone,protocol,loss`)
  await page.getByRole('grid').focus()
  for (const key of ['Control+End', 'ArrowUp', 'ArrowUp', 'ArrowUp']) await page.keyboard.press(key)
  expect(await activeCell(page)).toContain('Not run yet')
  await recordStudy(dashboard.dependencies.db, studyOf('simulated', dashboard.study.configurations.slice(0, 1)))
  await dashboard.study.measure(size() - 4, size() - 3)
  await expect.poll(() => activeCell(page), { timeout: 10_000 }).toContain('of 1000 images')
  await page.getByText('A later one has its name').waitFor({ timeout: 10_000 })
  const id = dashboard.study.id.slice(0, 12)
  await page.goto(`${dashboard.server.url}studies/${id}/matrix`)
  await page.getByText(`This is study ${id}. A later one has its name:`).getByRole('link').click()
  await expect.poll(() => page.getByText('A later one has its name').count()).toBe(0)
  await page.close()
}, 60_000)
