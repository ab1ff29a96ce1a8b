import { parseMapping, type PublishedFile, type TableMapping } from '@gauntlet/analysis'
import { canonicalJson } from '@gauntlet/study'
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, join, resolve, sep } from 'node:path'
import { Misuse } from '../command-failed.ts'

/** Published files as they lie on disk, and the bytes that the store is to keep of them. */
export interface PublishedFiles {
  readonly files: readonly PublishedFile[]
  readonly bytes: Uint8Array
  readonly mediaType: string
  readonly name: string
}

/** Reads a table, an entry of RobustBench's model_info, or a folder of those, which is kept as one JSON document. */
export async function readPublishedFiles(named: string): Promise<PublishedFiles> {
  const path = resolve(named)
  const found = await stat(path).catch(() => null)
  if (!found) throw new Misuse(`There is no file ${named}; name a CSV file, or a folder of RobustBench's model_info.`)
  const name = basename(path)
  if (!found.isDirectory()) {
    const bytes = await readFile(path)
    const isJson = path.endsWith('.json')
    const files = [{ path: isJson ? path : named, text: textOf(bytes, named) }]
    return { files, bytes, name, mediaType: isJson ? 'application/json' : 'text/csv' }
  }
  const inside = (await readdir(path, { recursive: true })).filter((file) => file.endsWith('.json')).sort()
  const files = await Promise.all(
    inside.map(async (file) => ({ path: portable(join(path, file)), text: await readFile(join(path, file), 'utf8') })),
  )
  const kept = Object.fromEntries(files.map(({ text }, i) => [portable(inside[i]!), text]))
  return { files, bytes: new TextEncoder().encode(canonicalJson(kept)), name, mediaType: 'application/json' }
}

function textOf(bytes: Uint8Array, named: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new Misuse(`${named} is not UTF-8 text; save the table as CSV in UTF-8.`)
  }
}

function portable(path: string): string {
  return path.replaceAll(sep, '/')
}

/** Reads a mapping file, which is JSON. */
export async function readMapping(named: string): Promise<TableMapping> {
  const text = await readFile(resolve(named), 'utf8').catch(() => {
    throw new Misuse(`There is no file ${named}; give --mapping the file that says where the table keeps what.`)
  })
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch (error) {
    throw new Misuse(`${named} is not JSON (${String(error)}); write the mapping as JSON.`)
  }
  return parseMapping(document)
}
