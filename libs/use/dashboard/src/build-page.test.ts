import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
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
