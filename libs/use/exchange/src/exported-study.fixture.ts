import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { openArtifactStore } from '@gauntlet/artifacts'
import { readZipDirectory, readZipMember, withBytesOfFile, writeZip, type ZipSource } from '@gauntlet/files'
import { migrate, openLedger, type Fact } from '@gauntlet/ledger'
import { useLedger } from '@gauntlet/ledger/fixtures/ledger'
import { leafHash, MerkleRoot, parseSealed, parseSigningKey } from '@gauntlet/seals'
import { canonicalJson } from '@gauntlet/study'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll } from 'vitest'
import { exportStudy } from './export-study.ts'
import { recordSmallStudy, type RecordedStudyFixture } from './recorded-study.fixture.ts'
import type { RecordSources } from './seal-study.ts'

/** A fact as a line of a record has it. */
export type LineOfFact = Fact & { readonly salt: string }

/**
 * One study in the ledger of a test file, exported with all its artifacts, and what makes other archives of it. The
 * installations that it is imported into are databases of the same server that have nothing.
 */
export function useExportedStudy() {
  const ledger = useLedger()
  const folder = mkdtempSync(join(tmpdir(), 'gauntlet-exchange-test-'))
  const storeIn = (name: string) => openArtifactStore(pathToFileURL(join(folder, name)).href)
  const store = storeIn('artifacts')
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' })
  const signer = parseSigningKey(pem as string, 'key.pem')
  const file = join(folder, 'small.zip')
  let study: RecordedStudyFixture
  let made = 0
  beforeAll(async () => {
    study = await recordSmallStudy(ledger.db, store)
    await exportStudy({ db: ledger.db, store }, 'small', file, { roles: ['all'], signer })
  }, 60_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  /** Runs `work` in an installation that has nothing. */
  async function elsewhere<Result>(work: (empty: RecordSources) => Promise<Result>): Promise<Result> {
    const name = `elsewhere_${made++}`
    await ledger.db.execute(sql.raw(`create database ${name}`))
    const url = Object.assign(new URL(ledger.databaseUrl), { pathname: `/${name}` }).href
    await migrate(url)
    const other = openLedger(url)
    return work({ db: other.db, store: storeIn(name) }).finally(() => other.close())
  }

  /** The archive with some of its files changed, or left out. */
  async function changed(change: (name: string, content: Buffer) => Buffer | null): Promise<string> {
    const written: ZipSource[] = []
    for (const [name, bytes] of await membersOf(file)) {
      const content = change(name, bytes)
      if (content) written.push({ name, content })
    }
    const path = join(folder, `changed${made++}.zip`)
    await writeZip(path, written)
    return path
  }

  /** The archive with other facts, under a seal that covers them and that nobody has signed. */
  async function resealed(change: (facts: LineOfFact[]) => object[], ofLines = (lines: string[]) => lines) {
    const members = await membersOf(file)
    const facts = textLines(members.get('record.jsonl')!).map((line) => JSON.parse(line) as LineOfFact)
    const lines = ofLines(change(facts).map((fact) => canonicalJson(fact)))
    const root = new MerkleRoot()
    const counts: Record<string, number> = {}
    for (const line of lines) {
      root.add(leafHash(line))
      const kind = /"kind":"(\w+)"/.exec(line)![1]!
      counts[kind] = (counts[kind] ?? 0) + 1
    }
    const { seal } = parseSealed(members.get('seal.json')!.toString(), 'seal.json')
    const other = { ...seal, tree: { size: root.size, root: root.root() }, facts: counts }
    const content = new Map([
      ['seal.json', JSON.stringify({ seal: other, envelope: null })],
      ['record.jsonl', lines.map((line) => `${line}\n`).join('')],
    ])
    return changed((name, bytes) => (content.has(name) ? Buffer.from(content.get(name)!) : bytes))
  }

  return { ledger, store, folder, file, signer, study: () => study, elsewhere, changed, resealed }
}

function textLines(bytes: Buffer): string[] {
  return bytes.toString().trim().split('\n')
}

/** The files of an archive. */
export async function membersOf(file: string): Promise<Map<string, Buffer>> {
  const refuse = (wrong: string): never => {
    throw new Error(wrong)
  }
  const members = new Map<string, Buffer>()
  for (const [name, member] of withBytesOfFile(file, (source) => readZipDirectory(source, refuse), refuse)) {
    const pieces: Buffer[] = []
    for await (const piece of readZipMember(file, member, refuse)) pieces.push(piece)
    members.set(name, Buffer.concat(pieces))
  }
  return members
}
