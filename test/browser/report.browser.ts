import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { buildReport } from '@gauntlet/report'
import { measuredInput, publishedInput } from '@gauntlet/report/fixtures/report-input'
import axe from 'axe-core'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'gauntlet-report-'))
let browser: Browser

beforeAll(async () => {
  browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  })
})
afterAll(async () => {
  await browser?.close()
  rmSync(folder, { recursive: true, force: true })
})

const measured = { protocols: ['FFT-50', 'LP-50'], datasets: ['digits', 'cars'], seeds: [1, 2], images: 100 }
const views = [
  { view: 'wide', width: 1400, media: 'screen' },
  { view: 'narrow', width: 320, media: 'screen' },
  { view: 'print', width: 680, media: 'print' }, // A4 between its margins
] as const

describe.each([
  ['published', publishedInput],
  ['measured', () => measuredInput(measured)],
])('the report of a %s study', (name, input) => {
  const file = join(folder, `${name}.html`)
  beforeAll(() => writeFileSync(file, buildReport(input()).files['index.html']!))

  describe.each(views)('$view', ({ width, media }) => {
    let page: Page
    beforeAll(async () => {
      page = await browser.newPage({ viewport: { width, height: 900 } })
      await page.emulateMedia({ media })
      await page.goto(pathToFileURL(file).href)
    })
    afterAll(() => page.close())

    it('is no wider than the window', async () => {
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
    })

    it('has every label inside its figure', async () => {
      expect(await page.evaluate(labelsOutside)).toEqual([])
    })

    it('has no violation that axe finds', async () => {
      await page.evaluate(axe.source)
      expect(await page.evaluate(violations)).toEqual([])
    })
  })
})

/** What axe finds, without the thousands of elements in which it finds nothing. */
const violations = `axe.run(document, { resultTypes: ['violations'] })
  .then((found) => found.violations.map(({ id, nodes }) => id + ': ' + nodes[0].html))`

/** Texts of figures that are cut off, as an expression for the page. */
const labelsOutside = `[...document.querySelectorAll('figure svg')].flatMap((svg) => {
  const box = svg.getBoundingClientRect()
  return [...svg.querySelectorAll('text')].filter((text) => {
    const { left, right, top, bottom } = text.getBoundingClientRect()
    return left < box.left - 1 || right > box.right + 1 || top < box.top - 1 || bottom > box.bottom + 1
  }).map((text) => text.textContent)
})`
