import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { GauntletHome } from '../end-to-end/gauntlet-home.fixture.ts'
import { variant } from '../end-to-end/studies.fixture.ts'
import { activeCell, browserPath, complaintsOf, launchBrowser } from './browser.fixture.ts'

/*
 * `gauntlet dashboard` beside a study that really runs: the buttons that steer it, and the curves of a training that
 * has not ended. Two minutes.
 */

const home = new GauntletHome()
let browser: Browser
beforeAll(async () => void (browser = await launchBrowser()))
afterAll(async () => {
  await browser?.close()
  await home.remove()
})

/** The address that `gauntlet dashboard` prints. */
async function startDashboard(): Promise<string> {
  const command = home.start('dashboard')
  let printed = ''
  command.process.stdout!.on('data', (text: string) => void (printed += text))
  await command.until('the dashboard runs', () => printed.includes('Ctrl-C'), { limitSeconds: 60 })
  return /http:\/\/\S+\//.exec(printed)![0]
}

/** Presses a button of the view of what happens now, and waits for what it says. */
async function press(page: Page, name: string, answer: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click()
  await page.getByRole('status').filter({ hasText: answer }).waitFor({ timeout: 60_000 })
}

it.skipIf(!browserPath)(
  'steers a study that runs, and shows its trainings before they end',
  { timeout: 900_000 },
  async () => {
    const run = home.start(
      'run',
      home.study('steered', variant('steered', ['protocols: [FFT-1, LP-1]', 'protocols: [FFT-8, LP-8]'])),
    )
    await run.until('a training has a state', () => home.midStageCheckpoints().size > 0, { limitSeconds: 300 })
    const url = await startDashboard()
    const page = await browser.newPage()
    const complaints = complaintsOf(page)
    await page.goto(`${url}studies/steered/curves?show=training-loss`)
    await page.getByText('(in training)').first().waitFor({ state: 'attached', timeout: 60_000 })
    await page.goto(`${url}studies/steered/now`)
    await press(page, 'Pause', 'The study is paused')
    await press(page, 'Resume', 'The study goes on.')
    await press(page, 'Cancel', 'The run was cancelled')
    expect((await run.ended).code).not.toBe(0)
    await press(page, 'Retry', 'The study runs')
    await page.goto(`${url}studies/steered/matrix?perturbation=clean`)
    await page.getByRole('grid').focus()
    await expect.poll(() => activeCell(page), { timeout: 400_000, interval: 1_000 }).toContain('of 40 images')
    expect(complaints).toEqual([])
  },
)
