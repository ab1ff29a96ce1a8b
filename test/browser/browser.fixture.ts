import { existsSync } from 'node:fs'
import { chromium, type Browser, type Page } from 'playwright-core'
import { expect } from 'vitest'

const places = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** The path of a browser of this machine, where it has one. */
export const browserPath = places.find((path) => path && existsSync(path))

/** Says once why nothing is looked at in a browser. */
export function sayWhyNoBrowser(): void {
  if (!browserPath)
    console.warn('The dashboard was not looked at: there is no Chromium here; install it, or set CHROMIUM to its path.')
}

export function launchBrowser(): Promise<Browser> {
  if (!browserPath)
    throw new Error('There is no Chromium here; install it (apt-get install chromium), or set CHROMIUM to its path.')
  // A name of this machine that is not trusted as localhost is.
  const elsewhere = '--host-resolver-rules=MAP elsewhere.test 127.0.0.1'
  return chromium.launch({ executablePath: browserPath, args: ['--no-sandbox', elsewhere] })
}

/** What a page complained of: errors of scripts, and what its policy forbade. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    // A request that a test lets fail is reported by the browser too.
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) complaints.push(message.text())
  })
  return complaints
}

/** The text of the cell that the matrix is at, as a screen reader says it. */
export function activeCell(page: Page): Promise<string> {
  return page.locator('#active-cell').innerText()
}

/** Presses a cell of the matrix by its place on the canvas, counted from 0 without the names. */
export async function pressCell(page: Page, row: number, column: number): Promise<void> {
  const matrix = page.getByRole('grid')
  await matrix.focus()
  await page.keyboard.press('Control+Home')
  for (let i = 0; i < row; i++) await page.keyboard.press('ArrowDown')
  for (let i = 0; i < column; i++) await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Enter')
}

/** Expects a page to have loaded nothing from elsewhere. */
export function expectOwnRequests(page: Page, base: string): () => void {
  const elsewhere: string[] = []
  page.on('request', (request) => {
    if (!request.url().startsWith(base)) elsewhere.push(request.url())
  })
  return () => expect(elsewhere).toEqual([])
}
