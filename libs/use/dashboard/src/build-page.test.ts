import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { buildPage } from './build-page.ts'

it('makes a page whose script is smaller than 120 KB compressed, and that loads nothing from elsewhere', async () => {
  const files = await buildPage()
  const text = (path: string) => Buffer.from(files.get(path)!.body).toString()
  expect(gzipSync(files.get('/app.js')!.body).length).toBeLessThan(120_000)
  const named = [...text('/').matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path!)
  expect(named.sort()).toEqual(['/app.css', '/app.js', '/icon.svg'])
  expect(named.filter((path) => !files.has(path))).toEqual([])
  // The policy of the server allows neither; a page that used them would lack its styles or its scripts.
  expect(text('/')).not.toMatch(/<style|style=|<script>|onload=/)
  expect(text('/app.css')).not.toMatch(/url\(|@import/)
  expect(text('/app.js')).not.toMatch(/\beval\(|new Function\(|dangerouslySetInnerHTML:|innerHTML=`/)
})

describe.each([
  ['light', 0],
  ['dark', 1],
  ['dark by the system', 2],
])('the colours that are %s', (_, place) => {
  it('differ enough from what they stand on to be seen (WCAG 2.2, 1.4.3 and 1.4.11)', async () => {
    const styles = Buffer.from((await buildPage()).get('/app.css')!.body).toString()
    const values = (name: string) =>
      [...styles.matchAll(new RegExp(`--${name}: (.+);`, 'g'))].map(([, value]) => value!)
    const colour = (name: string) => levelsOf(values(name)[place]!)
    const contrast = (one: string, other: string) => {
      const [darker, lighter] = [luminance(colour(one)), luminance(colour(other))].sort((a, b) => a - b)
      return (lighter! + 0.05) / (darker! + 0.05)
    }
    const papers = ['paper', 'raised', 'bad-paper', 'warn-paper']
    for (const paper of papers) expect(Math.min(contrast('ink', paper), contrast('muted', paper))).toBeGreaterThan(4.5)
    for (const end of ['scale-low', 'scale-high']) expect(contrast('ink', end)).toBeGreaterThan(4.5)
    for (const mark of ['edge', 'focus', ...Array.from({ length: 8 }, (__, i) => `group-${i}`)])
      expect(contrast(mark, 'paper'), mark).toBeGreaterThan(3)
  })
})

/** The red, green and blue of `#rrggbb` or `r g b`, each in [0, 255]. */
function levelsOf(colour: string): number[] {
  const digits = /^#(..)(..)(..)$/.exec(colour)
  return digits ? digits.slice(1).map((pair) => Number.parseInt(pair, 16)) : colour.split(' ').map(Number)
}

/** Relative luminance, in [0, 1] (WCAG 2.2). */
function luminance(levels: readonly number[]): number {
  const [red, green, blue] = levels.map((level) =>
    level / 255 <= 0.04045 ? level / 255 / 12.92 : ((level / 255 + 0.055) / 1.055) ** 2.4,
  )
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!
}
