import type { PageFile } from '@gauntlet/api'
import { build } from 'esbuild'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

const page = resolve(import.meta.dirname, '../page')

/**
 * Makes the files of the page, by the path under which each is served. It takes a tenth of a second, so the page is
 * made when a server starts: it is never older than its sources, and nothing built lies about.
 */
export async function buildPage(): Promise<ReadonlyMap<string, PageFile>> {
  const { outputFiles } = await build({
    entryPoints: { app: join(page, 'main.tsx') },
    outdir: page,
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
    logLevel: 'silent',
    absWorkingDir: page,
  })
  const [script] = outputFiles
  const read = (name: string) => readFile(join(page, name))
  return new Map<string, PageFile>([
    ['/', { body: await read('index.html'), mediaType: 'text/html; charset=utf-8' }],
    ['/app.js', { body: script!.contents, mediaType: 'text/javascript; charset=utf-8' }],
    ['/app.css', { body: await read('styles.css'), mediaType: 'text/css; charset=utf-8' }],
    ['/icon.svg', { body: await read('icon.svg'), mediaType: 'image/svg+xml' }],
  ])
}
