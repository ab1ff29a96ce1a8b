import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { writeZip, type ZipSource } from '@gauntlet/files'
import { intactAmong } from '@gauntlet/artifacts'
import { artifactRoles, artifactsByRole, findStudy, recordKeys, type Fact, type RecordKeys } from '@gauntlet/ledger'
import { sealDigest, sealLine, withheldLine, type Sealed, type SigningKey } from '@gauntlet/seals'
import { canonicalJson, type Digest } from '@gauntlet/study'
import { Attestations } from './attestations.ts'
import { artifactPath, CrateDocument, type CrateFile } from './crate-document.ts'
import { DerivedFiles } from './derived-files.ts'
import { sealPath } from './export-file.ts'
import { inTemporaryFolder } from './in-temporary-folder.ts'
import { PartUnknown } from './part-unknown.ts'
import type { WrittenLine } from './record-writer.ts'
import { sealStudy, type FactTaker, type RecordSources } from './seal-study.ts'
import { bytesOfFile, Spool } from './spool.ts'
import type { StageGroup } from './stage-group.ts'

/** What of a study is exported, and how. */
export interface ExportOptions {
  /** Roles of the artifacts that the archive has beside the code; `all` for every artifact. */
  readonly roles?: readonly string[]
  /** The configurations that are disclosed; the others are withheld. All unless given. */
  readonly only?: readonly Digest[] | null
  readonly signer?: SigningKey | null
  /** A licence as text or address. */
  readonly license?: string
  readonly onProgress?: (doing: string) => void
}

/** What an export has. */
export interface ExportedStudy {
  readonly sealed: Sealed
  readonly line: string
  readonly numbers: number
  readonly withheld: number
  readonly artifacts: number
  /** Artifacts of the roles asked for that the store has no more. */
  readonly missing: number
}

/**
 * Writes a study with everything that the ledger has of it into one zip archive: the record that its seal covers, line
 * by line, and made of it a Provenance Run Crate, tables as Parquet and CSV, PROV-JSON and in-toto attestations, with
 * the code bundles and the artifacts that were chosen. Throws `StudyUnknown`, `PartUnknown`, `ArchiveTooLarge` and
 * `ArtifactCorrupt`.
 */
export async function exportStudy(
  sources: RecordSources,
  nameOrId: string,
  file: string,
  { roles = [], only = null, signer = null, license = 'No licence is stated.', onProgress }: ExportOptions = {},
): Promise<ExportedStudy> {
  const { db, store } = sources
  const { id, name } = await findStudy(db, nameOrId)
  const keys = await recordKeys(db, id, only)
  const known = await artifactRoles(db, keys.stageKeys)
  const unknown = roles.find((role) => role !== 'all' && !known.includes(role))
  if (unknown !== undefined)
    throw new PartUnknown(`No artifact of ${name} has the role ${unknown}; ${rolesThereAre(known)}.`)
  const chosen = await artifactsByRole(db, keys.stageKeys, roles)
  const carried = await intactAmong(store, chosen)
  return inTemporaryFolder(async (folder) => {
    const parts = new ExportParts(folder, { keys, isWhole: only === null, carried, signer })
    const { sealed, earlier } = await sealStudy(
      sources,
      id,
      { signer, onProgress: (facts) => onProgress?.(`facts recorded: ${facts.toLocaleString('en')}`) },
      parts,
    )
    const artifacts = await Promise.all([...carried].sort().map((digest) => artifactFile(store, digest)))
    const members = await parts.finish({ name, sealed, earlier, license, artifacts })
    let written = 0
    await writeZip(
      file,
      showing(members, () => onProgress?.(`${++written}/${members.length} files written`)),
    )
    return {
      sealed,
      line: sealLine(sealed.seal),
      numbers: parts.numbers,
      withheld: parts.withheld,
      artifacts: carried.size,
      missing: chosen.length - carried.size,
    }
  })
}

function rolesThereAre(known: readonly string[]): string {
  return known.length > 0 ? `its roles are ${known.join(', ')}, or all` : 'none of its stages has run yet'
}

interface CarriedArtifact {
  readonly digest: Digest
  readonly path: string
  readonly size: number
}

async function artifactFile(store: RecordSources['store'], digest: Digest): Promise<CarriedArtifact> {
  const path = await store.localFile(digest)
  return { digest, path, size: (await stat(path)).size }
}

function* showing(members: readonly ZipSource[], onMember: () => void): Generator<ZipSource> {
  for (const member of members) {
    yield member
    onMember()
  }
}

interface PartsSettings {
  readonly keys: RecordKeys
  readonly isWhole: boolean
  readonly carried: ReadonlySet<Digest>
  readonly signer: SigningKey | null
}

interface Finish {
  readonly name: string
  readonly sealed: Sealed
  readonly earlier: readonly Sealed[]
  readonly license: string
  readonly artifacts: readonly CarriedArtifact[]
}

/** The parts of an archive that are made of facts, each in a temporary file that grows while the study is sealed. */
class ExportParts implements FactTaker {
  withheld = 0
  readonly #record: Spool
  readonly #derived: DerivedFiles
  readonly #crate: CrateDocument
  readonly #attestations: Attestations
  readonly #chosen: ReadonlySet<Digest> | null

  constructor(folder: string, { keys, isWhole, carried, signer }: PartsSettings) {
    this.#record = new Spool(join(folder, 'record.jsonl'))
    this.#derived = new DerivedFiles(folder)
    this.#crate = new CrateDocument(folder, carried)
    this.#attestations = new Attestations(folder, signer)
    this.#chosen = isWhole ? null : new Set([...keys.configurations, ...keys.stageKeys, ...keys.measurements])
  }

  get numbers(): number {
    return this.#derived.numbers
  }

  async take(fact: Fact, { line, hash }: WrittenLine): Promise<void> {
    if (!this.#isDisclosed(fact)) {
      this.withheld++
      return this.#record.write(`${withheldLine(hash)}\n`)
    }
    this.#record.write(`${line}\n`)
    this.#addStage(await this.#derived.add(fact))
    if (fact.kind === 'measurement') this.#attestations.addMeasurement(fact)
  }

  /** Closes every part and gives the files of the archive. */
  async finish({ name, sealed, earlier, license, artifacts }: Finish): Promise<ZipSource[]> {
    this.#addStage(await this.#derived.close())
    this.#record.close()
    this.#attestations.close()
    const members = [
      jsonFile('seal.json', sealed),
      ...earlier.map((one) => jsonFile(sealPath(sealDigest(one.seal)), one)),
      this.#record.member('record.jsonl'),
      ...this.#derived.members(),
      ...this.#attestations.members(),
    ]
    const files = [...members.map(({ name: path }) => describedFile(path)), ...artifacts.map(describedArtifact)]
    const description = `${sealLine(sealed.seal)}. ${this.withheld.toLocaleString('en')} facts are withheld.`
    this.#crate.close({ name, description, sealedAt: sealed.seal.sealedAt, license, files })
    return [
      ...this.#crate.members(),
      ...members,
      ...artifacts.map(({ digest, path }) => ({
        name: artifactPath(digest),
        content: bytesOfFile(path),
        stored: true,
      })),
    ]
  }

  #isDisclosed(fact: Fact): boolean {
    if (this.#chosen === null) return true
    if (fact.kind === 'configuration' || fact.kind === 'measurement') return this.#chosen.has(fact.id)
    if (fact.kind === 'failure') return this.#chosen.has(fact.configurationId)
    return !('stageKey' in fact) || this.#chosen.has(fact.stageKey)
  }

  #addStage(group: StageGroup | undefined): void {
    if (!group) return
    this.#crate.addStage(group)
    this.#attestations.addStage(group)
  }
}

function jsonFile(name: string, document: object): ZipSource {
  return { name, content: Buffer.from(`${canonicalJson(document)}\n`) }
}

const formats: Readonly<Record<string, string>> = {
  json: 'application/json',
  jsonl: 'application/jsonl',
  csv: 'text/csv',
  parquet: 'application/vnd.apache.parquet',
  yaml: 'application/yaml',
  pem: 'application/x-pem-file',
}

function describedFile(path: string): CrateFile {
  const format = formats[path.split('.').at(-1)!]!
  return { path, name: path.split('/').at(-1)!, encodingFormat: format }
}

function describedArtifact({ digest, size }: CarriedArtifact): CrateFile {
  const name = `artifact ${digest.slice(0, 12)}`
  return {
    path: artifactPath(digest),
    name,
    encodingFormat: 'application/octet-stream',
    sha256: digest,
    contentSize: size,
  }
}
