import { resolve } from 'node:path'
import { launchBrowser } from './browser.fixture.ts'

/*
 * `npx tsx test/browser/take-screenshot.ts http://127.0.0.1:4680` takes the picture of the README from a dashboard that
 * runs, whose ledger has the quickstart.
 */

const base = process.argv[2] ?? 'http://127.0.0.1:4680'
const file = resolve(import.meta.dirname, '../../libs/use/dashboard/matrix.png')

const browser = await launchBrowser()
const page = await browser.newPage({ viewport: { width: 1240, height: 560 }, colorScheme: 'light' })
await page.goto(`${base}/studies/quickstart/matrix?cell=2&perturbation=all&rows=protocol,loss`)
await page.getByRole('link', { name: 'Pictures that felled the model' }).waitFor()
await page.screenshot({ path: file })
await browser.close()
console.log(`Wrote ${file}.`)
