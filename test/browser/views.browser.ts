import { serveApi } from '@gauntlet/api'
import { buildPage } from '@gauntlet/dashboard'
import { source as axe } from 'axe-core'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { activeCell, complaintsOf, expectOwnRequests, pressCell } from './browser.fixture.ts'
import { useDashboard } from './dashboard.fixture.ts'

const dashboard = useDashboard({ backbones: 4, datasets: 2, seeds: 2 })

/** Every view in its states, by the address behind the study. */
const views: Readonly<Record<string, string>> = {
  'the start page': '/',
  'the matrix': '/studies/simulated/matrix',
  'the matrix with a cell': '/studies/simulated/matrix?cell=2&perturbation=Linf+4%2F255',
  'the matrix of scores, by another factor':
    '/studies/simulated/matrix?perturbation=score&rows=backbone,loss&order=best',
  'everything side by side': '/studies/simulated/matrix?perturbation=all',
  'a filter that finds nothing': '/studies/simulated/matrix?filter=nothing',
  'the table': '/studies/simulated/matrix?as=table',
  'the study now': '/studies/simulated/now',
  'the trade-off': '/studies/simulated/trade-off?configurations=0,1,5',
  'one number': '/studies/simulated/number?cell=2',
  'no number': '/studies/simulated/number',
  'a cell that is no cell, in the matrix': '/studies/simulated/matrix?cell=-5',
  'a cell that is no cell': '/studies/simulated/number?cell=1.5',
  'pictures of a cell that is not there': '/studies/simulated/pictures?cell=999999',
  'a cell without a number': '/studies/simulated/number?cell=475',
  pictures: '/studies/simulated/pictures?cell=2',
  'one picture': '/studies/simulated/pictures?cell=2&picture=3',
  'no pictures': '/studies/simulated/pictures?cell=1',
  curves: '/studies/simulated/curves',
  'no curves': '/studies/simulated/curves?configurations=90',
  'the report': '/studies/simulated/report',
  'a view that is not there': '/studies/simulated/nothing',
  'a study that is not there': '/studies/nobody/matrix',
}

interface Violation {
  readonly id: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[]
}

async function violationsIn(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  const violations = (await page.evaluate(
    `axe.run({ rules: { 'target-size': { enabled: true } } }).then(({ violations }) => violations)`,
  )) as Violation[]
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`),
  )
}

async function settled(page: Page): Promise<void> {
  await page.waitForLoadState('networkidle', { timeout: 3_000 }).catch(() => undefined) // the stream of changes is open
  await expect.poll(() => page.locator('.waiting').count()).toBe(0)
}

describe.each(['light', 'dark'] as const)('in %s colours', (colorScheme) => {
  it.each(Object.entries(views))('%s has no violation of axe, in a wide and in a narrow window', async (_, path) => {
    for (const width of [1280, 390]) {
      const page = await dashboard.browser.newPage({ colorScheme, viewport: { width, height: 800 } })
      const complaints = complaintsOf(page)
      const expectOwn = expectOwnRequests(page, dashboard.server.url)
      await page.goto(`${dashboard.server.url}${path.slice(1)}`)
      await settled(page)
      expect(await violationsIn(page)).toEqual([])
      // Nothing makes the page itself scroll sideways.
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
      expectOwn()
      expect(complaints).toEqual([])
      await page.close()
    }
  })
})

it('has the same state at the same address, whoever opens it', async () => {
  const first = await dashboard.browser.newPage()
  await first.goto(`${dashboard.server.url}studies/simulated/matrix`)
  await first.getByLabel('Show').selectOption('L2 0.5')
  await first.getByLabel('Rows').selectOption('backbone,loss')
  await first.getByLabel('Order').selectOption('best')
  await first.getByLabel('Filter').fill('trades')
  await pressCell(first, 1, 2)
  await first.getByRole('complementary', { name: 'The chosen cell' }).getByRole('link').first().waitFor()
  const second = await dashboard.browser.newPage()
  await second.goto(first.url())
  await second.getByRole('complementary', { name: 'The chosen cell' }).getByRole('link').first().waitFor()
  const text = (page: Page) => page.locator('main').innerText()
  expect(await text(second)).toBe(await text(first))
  await Promise.all([first.close(), second.close()])
})

it('is used by the keyboard alone: from the search to a number and back to the matrix', async () => {
  const page = await dashboard.browser.newPage()
  await page.goto(dashboard.server.url)
  await page.getByRole('link', { name: 'simulated' }).first().waitFor() // keys are heard once the page is there
  await page.keyboard.press('/')
  await page.keyboard.type('simul')
  await page.getByRole('option').first().waitFor()
  await page.keyboard.press('Enter')
  await page.getByRole('grid').waitFor()
  await pressCell(page, 2, 1)
  const panel = page.getByRole('complementary', { name: 'The chosen cell' })
  await panel.getByRole('link').first().waitFor()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Lineage' }).waitFor()
  await page.goBack()
  await page.getByRole('grid').focus()
  expect(await activeCell(page)).toMatch(/images|run/)
  // Escape leads back to where the cell was opened, and the list of what was found is shut when it is left.
  await page.keyboard.press('Enter')
  await panel.getByRole('link').first().waitFor()
  await page.keyboard.press('Escape')
  await panel.waitFor({ state: 'detached' })
  expect(await page.evaluate('document.activeElement.role')).toBe('grid')
  await page.keyboard.press('/')
  await page.keyboard.type('simul')
  const found = page.getByRole('listbox', { name: 'What was found' })
  await found.waitFor()
  await page.keyboard.press('Tab')
  await found.waitFor({ state: 'hidden' })
  await page.close()
})

it('says what is wrong with a cell in an address, and leads on', async () => {
  const page = await dashboard.browser.newPage()
  for (const view of ['number', 'pictures']) {
    await page.goto(`${dashboard.server.url}studies/simulated/${view}?cell=999999`)
    await page.getByText('The study has no cell “999999”').waitFor()
    await page.locator('main').getByRole('link', { name: 'matrix' }).click()
    await page.getByRole('grid').waitFor()
  }
  await page.goto(`${dashboard.server.url}studies/nobody/matrix`)
  await page.getByRole('link', { name: 'All studies' }).click()
  await page.getByRole('heading', { name: 'Studies' }).waitFor()
  expect(new URL(page.url()).pathname).toBe('/')
  await page.close()
})

it('leads to the heading of each view that is gone to, and offers the matrix in place of a view that there is not', async () => {
  const page = await dashboard.browser.newPage()
  await page.goto(`${dashboard.server.url}studies/simulated/nothing`)
  await page.getByText('A study has no view “nothing”').waitFor()
  const heading = () => page.evaluate('document.activeElement.tagName + " " + document.activeElement.textContent')
  expect(await heading()).toMatch(/^BODY/)
  await page.locator('main').getByRole('link', { name: 'matrix' }).press('Enter')
  await expect.poll(heading).toBe('H1 simulated Matrix ')
  await page.getByRole('navigation').getByRole('link', { name: 'Report' }).press('Enter')
  await expect.poll(heading).toBe('H1 simulated Report ')
  await page.goBack()
  await expect.poll(heading).toBe('H1 simulated Matrix ')
  await page.getByRole('link', { name: 'Gauntlet' }).press('Enter')
  await expect.poll(heading).toBe('H1 Studies')
  await page.close()
})

it('says each cell of the matrix once', async () => {
  const page = await dashboard.browser.newPage()
  await page.goto(`${dashboard.server.url}studies/simulated/matrix`)
  await page.getByRole('grid').focus()
  await page.keyboard.press('ArrowDown')
  expect(await activeCell(page)).toContain('images')
  expect(await page.locator('[aria-live], [role=status], [role=alert]').allInnerTexts()).toEqual([])
  await page.close()
})

it('has in a narrow window what is in a wide one', async () => {
  const page = await dashboard.browser.newPage({ viewport: { width: 360, height: 740 } })
  await page.goto(dashboard.server.url)
  await page.getByRole('link', { name: 'simulated' }).first().waitFor()
  const cells = (row: string) =>
    page.locator(`${row} > *`).evaluateAll((all) => all.map((one) => Math.round(one.getBoundingClientRect().left)))
  expect(await cells('thead tr')).toEqual(await cells('tbody tr:first-child'))
  await page.goto(`${dashboard.server.url}studies/simulated/curves`)
  const tab = page.getByRole('link', { name: 'Curves', exact: true })
  await expect.poll(async () => (await tab.boundingBox())!.x).toBeLessThan(300)
  // A cell far from the first one is scrolled to, and its panel is seen beside it.
  const last = dashboard.study.configurations.length * 5
  await page.goto(`${dashboard.server.url}studies/simulated/matrix?perturbation=common&cell=${last}`)
  const panel = page.getByRole('complementary', { name: 'The chosen cell' })
  await panel.getByRole('link').first().waitFor()
  expect((await panel.getByRole('heading').boundingBox())!.y).toBeLessThan(740)
  await expect.poll(() => page.getByRole('grid').evaluate((grid) => grid.scrollLeft)).toBeGreaterThan(0)
  for (const choice of await page.locator('.choice').all())
    expect((await choice.boundingBox())!.height).toBeLessThan(45)
  await page.close()
})

it('tells by more than colours what is chosen, and lines apart, where the system sets the colours', async () => {
  const page = await dashboard.browser.newPage({ forcedColors: 'active' })
  const styles = (selector: string, property: string) =>
    page.evaluate(
      `[...document.querySelectorAll('${selector}')].map((one) => getComputedStyle(one).getPropertyValue('${property}'))`,
    ) as Promise<string[]>
  await page.goto(`${dashboard.server.url}studies/simulated/number?cell=2`)
  await page.locator('.chips a').first().waitFor()
  expect(await styles('.chips a', 'outline-style')).toEqual(['none', 'solid', 'none', 'none', 'none'])
  expect(await styles('.tabs a[aria-current]', 'border-bottom-color')).not.toEqual(
    (await styles('.tabs a:not([aria-current])', 'border-bottom-color')).slice(0, 1),
  )
  await page.goto(`${dashboard.server.url}studies/simulated/trade-off`)
  await page.locator('.legend .sign').first().waitFor()
  expect(new Set(await styles('.legend .sign', 'color')).size).toBe(2)
  await page.close()
})

it('is printed dark on light, whatever its colours are', async () => {
  const page = await dashboard.browser.newPage({ colorScheme: 'dark' })
  await page.goto(`${dashboard.server.url}studies/simulated/report`)
  await page.getByRole('heading', { name: 'Ranking' }).waitFor()
  const colour = () => page.evaluate('getComputedStyle(document.body).color')
  for (const _ of ['light', 'dark']) await page.getByRole('button', { name: 'Colours' }).click()
  expect(await colour()).toBe('rgb(230, 237, 243)')
  await page.emulateMedia({ media: 'print' })
  expect(await colour()).toBe('rgb(27, 31, 36)')
  await page.setViewportSize({ width: 718, height: 1000 }) // A4 within its margins
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(718)
  await page.close()
})

it('is used from another machine without TLS, where browsers have neither locks nor a clipboard', async () => {
  const token = 'a token of enough characters'
  const server = await serveApi(dashboard.dependencies, {
    port: 0,
    access: { hostname: '127.0.0.1', token },
    page: await buildPage(),
  })
  const page = await dashboard.browser.newPage()
  const complaints = complaintsOf(page)
  const address = server.url.replace('127.0.0.1', 'elsewhere.test')
  await page.goto(`${address}studies/simulated/number?cell=2&token=${encodeURIComponent(token)}`)
  const has = await page.evaluate(`[isSecureContext, 'locks' in navigator, 'clipboard' in navigator]`)
  expect(has).toEqual([false, false, false])
  await page.getByRole('button', { name: 'Copy' }).first().click()
  await page.getByRole('button', { name: 'Copied' }).waitFor()
  expect(complaints).toEqual([])
  await page.close()
  await server.close()
})

it('tells the study as a table, page by page, and copies it', async () => {
  const page = await dashboard.browser.newPage({ permissions: ['clipboard-read', 'clipboard-write'] })
  await page.goto(`${dashboard.server.url}studies/simulated/matrix?as=table`)
  const table = page.getByRole('table')
  await table.waitFor()
  expect(await table.getByRole('row').count()).toBe(1 + Math.min(100, dashboard.study.configurations.length))
  await page.getByRole('button', { name: 'CSV' }).click()
  const copied = (await page.evaluate('navigator.clipboard.readText()')) as string
  expect(copied.split('\r\n')).toHaveLength(1 + dashboard.study.configurations.length)
  await page.getByLabel('Show').selectOption('all')
  await page.getByText(`Copy all ${dashboard.study.configurations.length} rows`).waitFor()
  await page.getByLabel('seed').uncheck()
  await page.reload()
  await table.waitFor()
  expect(await page.getByLabel('seed').isChecked()).toBe(false)
  expect(await table.getByRole('columnheader', { name: 'seed' }).count()).toBe(0)
  await page.close()
})
