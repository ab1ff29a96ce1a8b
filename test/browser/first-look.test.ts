import { expect, it } from 'vitest'
import {
  activeCell,
  browserPath,
  complaintsOf,
  expectOwnRequests,
  pressCell,
  sayWhyNoBrowser,
} from './browser.fixture.ts'
import { useDashboard } from './dashboard.fixture.ts'

/* The little of the dashboard that is looked at with every `npm test`; `npm run test:browser` looks at all of it. */

sayWhyNoBrowser()
const dashboard = useDashboard({ backbones: 2, datasets: 1, done: 0.5 })
const lastCell = () => dashboard.study.configurations.length - 1

it.skipIf(!browserPath)('leads from the matrix to the picture that felled a model in three presses', async () => {
  const page = await dashboard.browser.newPage()
  const complaints = complaintsOf(page)
  const expectOwn = expectOwnRequests(page, dashboard.server.url)
  await page.goto(`${dashboard.server.url}studies/simulated/matrix?perturbation=Linf+4%2F255`)
  await pressCell(page, 0, 0) // one press, by the keyboard here
  await page.getByRole('link', { name: 'Pictures that felled the model' }).click()
  await page.getByRole('list', { name: 'Images that felled the model' }).getByRole('button').first().click()
  await page.getByRole('heading', { name: 'Test image 3' }).waitFor()
  const large = page.locator('.trio img')
  await expect
    .poll(() => large.evaluateAll((all) => all.map((one) => (one as unknown as { naturalWidth: number }).naturalWidth)))
    .toEqual([32, 32, 32])
  expect(await page.getByRole('region', { name: 'The same image across models' }).innerText()).toContain('✕ fell')
  expectOwn()
  expect(complaints).toEqual([])
  await page.close()
})

it.skipIf(!browserPath)(
  'lists and finds studies by what people wrote, and runs no script that is planted there',
  async () => {
    const page = await dashboard.browser.newPage()
    const complaints = complaintsOf(page)
    const name = '<img src=x onerror=window.stolen=true>'
    await dashboard.add({ name, backbones: 1, datasets: 1, done: 0 })
    await page.goto(dashboard.server.url)
    await page.getByRole('link', { name }).waitFor()
    expect(await page.getByText('<script>window.stolen = true</script>').count()).toBe(2)
    expect(await page.getByText('<svg onload=window.stolen=true>').count()).toBe(2)
    await page.getByRole('combobox').fill('onmouseover="window')
    await expect.poll(() => page.getByRole('option').allInnerTexts()).toHaveLength(2)
    await page.getByRole('option').filter({ hasText: name }).hover()
    expect(await page.evaluate('window.stolen')).toBeUndefined()
    expect([complaints, dashboard.bugs]).toEqual([[], []])
    await page.close()
  },
)

it.skipIf(!browserPath)('fills cells while the study runs, and runs no script from names or messages', async () => {
  const page = await dashboard.browser.newPage()
  const complaints = complaintsOf(page)
  await page.goto(
    `${dashboard.server.url}studies/simulated/matrix?perturbation=Linf+4%2F255&rows=backbone,protocol,loss`,
  )
  await page.getByRole('grid').focus()
  await page.keyboard.press('Control+End')
  expect(await activeCell(page)).toContain('Not run yet')
  await dashboard.study.measure(lastCell(), lastCell() + 1)
  await expect.poll(() => activeCell(page), { timeout: 10_000 }).toContain('of 1000 images')
  await page.goto(`${dashboard.server.url}studies/simulated/now`)
  await page.getByText('<script>window.stolen = true</script>').first().waitFor()
  expect(await page.evaluate('window.stolen')).toBeUndefined()
  expect([complaints, dashboard.bugs]).toEqual([[], []])
  await page.close()
})
