import { createHash } from 'node:crypto'
import type { ZipSource } from '@gauntlet/files'
import { sealDigest } from '@gauntlet/seals'
import type { CheckedRecord } from './check-record.ts'
import { artifactPath } from './crate-document.ts'
import type { DerivedFiles } from './derived-files.ts'
import { sealPath, type ExportFile } from './export-file.ts'

/** How the files that an archive has beside its record hang together with it. */
export interface FilesBesideRecord {
  /** Tables, study file or lineage that are not what the record gives. */
  readonly differing: readonly string[]
  /** Files that the seal does not cover and that cannot be made of the record alone, such as attestations. */
  readonly uncovered: readonly string[]
}

/** Compares the files of an archive with those that were made of its record, byte by byte. */
export async function compareFilesBesideRecord(
  opened: ExportFile,
  { artifacts }: Pick<CheckedRecord, 'artifacts'>,
  derived: Pick<DerivedFiles, 'members'>,
): Promise<FilesBesideRecord> {
  const members = derived.members()
  const differing: string[] = []
  for (const { name, content } of members) {
    const found = opened.bytesOf(name)
    if (!found || (await digestOfAll(found)) !== (await digestOfAll(content))) differing.push(name)
  }
  const covered = new Set(['record.jsonl', 'seal.json', ...members.map(({ name }) => name)])
  for (const digest of artifacts.keys()) covered.add(artifactPath(digest))
  for (const { seal } of opened.earlier) covered.add(sealPath(sealDigest(seal)))
  return { differing, uncovered: [...opened.names()].filter((name) => !covered.has(name)) }
}

async function digestOfAll(content: ZipSource['content']): Promise<string> {
  const hash = createHash('sha256')
  if (content instanceof Uint8Array) hash.update(content)
  else for await (const piece of content) hash.update(piece)
  return hash.digest('hex')
}
