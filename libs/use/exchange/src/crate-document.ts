import { join } from 'node:path'
import type { ZipSource } from '@gauntlet/files'
import type { Digest } from '@gauntlet/study'
import { crateContexts, vendoredContext } from './crate-context.ts'
import { JsonListSpool } from './spool.ts'
import type { StageGroup } from './stage-group.ts'

/** A file of the archive as the crate describes it. */
export interface CrateFile {
  readonly path: string
  readonly name: string
  readonly encodingFormat: string
  readonly sha256?: Digest
  readonly contentSize?: number
}

/** What the crate says of the whole. */
export interface CrateSubject {
  readonly name: string
  readonly description: string
  /** ISO 8601. */
  readonly sealedAt: string
  readonly license: string
  readonly files: readonly CrateFile[]
}

const profiles = ['process/0.5', 'workflow/0.5', 'provenance/0.5'].map((name) => `https://w3id.org/ro/wfrun/${name}`)
const workflowProfile = 'https://w3id.org/workflowhub/workflow-ro-crate/1.0'

/**
 * `ro-crate-metadata.json`: a Provenance Run Crate 0.5 on RO-Crate 1.1. The study file is the workflow, each stage a
 * tool and a step, each attempt an action, each artifact a file with its SHA-256, by its name in RFC 6920 unless the
 * archive has it. Entities are written as they come.
 */
export class CrateDocument {
  readonly #graph: JsonListSpool
  readonly #known = new Set<string>()
  /** The ids of the actions of each stage. */
  readonly #actions = new Map<string, string[]>()

  /** @param carried the artifacts that the archive has. */
  constructor(
    folder: string,
    private readonly carried: ReadonlySet<Digest>,
  ) {
    this.#graph = new JsonListSpool(join(folder, 'ro-crate-graph.json'))
  }

  addStage({ execution, fulfilment, attempts }: StageGroup): void {
    const { stage, stageKey } = execution
    const used = Object.entries(fulfilment?.used ?? {}).map(([, artifact]) => this.#file(artifact))
    const generated = Object.entries(fulfilment?.generated ?? {}).map(([, artifact]) => this.#file(artifact))
    const actions = this.#actions.get(stage) ?? []
    this.#actions.set(stage, actions)
    for (const { id, outcome, startedAt, endedAt, failureClass, message } of attempts) {
      const hasFailed = outcome === 'failed' || outcome === 'cancelled'
      const action = `#attempt-${stageKey}-${encodeURIComponent(id)}`
      actions.push(action)
      this.#graph.add({
        '@id': action,
        '@type': 'CreateAction',
        name: `${stage} ${stageKey.slice(0, 12)}`,
        instrument: { '@id': toolId(stage) },
        startTime: startedAt,
        endTime: endedAt,
        actionStatus: { '@id': `http://schema.org/${hasFailed ? 'FailedActionStatus' : 'CompletedActionStatus'}` },
        ...(hasFailed ? { error: `${failureClass ?? outcome}: ${message ?? ''}` } : {}),
        object: used,
        result: hasFailed ? [] : generated,
      })
    }
  }

  close(subject: CrateSubject): void {
    for (const entity of this.#wholes(subject)) this.#graph.add(entity)
    this.#graph.close()
  }

  members(): ZipSource[] {
    return [
      { name: 'ro-crate-metadata.json', content: this.#content() },
      {
        name: 'contexts/ro-crate-1.1-workflow-run.jsonld',
        content: Buffer.from(`${JSON.stringify({ '@context': vendoredContext }, null, 1)}\n`),
      },
    ]
  }

  async *#content(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(`{"@context":${JSON.stringify(crateContexts)},\n"@graph":[`)
    yield* this.#graph.content()
    yield Buffer.from(']}\n')
  }

  /** The entity of an artifact, written once. Gives the reference to it. */
  #file({ digest, size, mediaType }: { digest: Digest; size: number; mediaType: string }) {
    const id = this.carried.has(digest) ? artifactPath(digest) : hashName(digest)
    if (!this.#known.has(digest) && !this.carried.has(digest)) {
      this.#known.add(digest)
      const facts = { encodingFormat: mediaType, contentSize: size, sha256: digest }
      this.#graph.add({ '@id': id, '@type': 'CreativeWork', name: `artifact ${digest.slice(0, 12)}`, ...facts })
    }
    return { '@id': id }
  }

  #wholes(subject: CrateSubject): object[] {
    const stages = [...this.#actions.keys()].sort()
    return [
      ...descriptor(),
      rootOf(subject),
      ...subject.files.filter(({ path }) => path !== studyPath).map(fileOf),
      ...workflowOf(subject, stages),
      ...stages.flatMap((stage, position) => toolAndStep(stage, position)),
      ...stages.map((stage) => ({
        '@id': `#control-${stage}`,
        '@type': 'ControlAction',
        name: `all attempts at ${stage}`,
        instrument: { '@id': stepId(stage) },
        object: this.#actions.get(stage)!.map((id) => ({ '@id': id })),
      })),
      ...runOf(subject, stages),
    ]
  }
}

/** Where the archive has an artifact. */
export function artifactPath(digest: Digest): string {
  return `artifacts/sha256/${digest.slice(0, 2)}/${digest}`
}

/** Where the archive has the study file. */
export const studyPath = 'study.yaml'

/** The name of bytes by their hash (RFC 6920). */
function hashName(digest: Digest): string {
  return `ni:///sha-256;${Buffer.from(digest, 'hex').toString('base64url')}`
}

function descriptor(): object[] {
  const conformsTo = [{ '@id': 'https://w3id.org/ro/crate/1.1' }, { '@id': workflowProfile }]
  const metadata = { '@id': 'ro-crate-metadata.json', '@type': 'CreativeWork', about: { '@id': './' }, conformsTo }
  const named = [...profiles, workflowProfile].map((id) => ({
    '@id': id,
    '@type': 'CreativeWork',
    name: id.split('/').slice(-2).join(' '),
    version: id.split('/').at(-1),
  }))
  return [metadata, ...named]
}

function rootOf({ name, description, sealedAt, license, files }: CrateSubject): object {
  return {
    '@id': './',
    '@type': 'Dataset',
    name,
    description,
    datePublished: sealedAt,
    license,
    conformsTo: [...profiles, workflowProfile].map((id) => ({ '@id': id })),
    hasPart: files.map(({ path }) => ({ '@id': path })),
    mainEntity: { '@id': studyPath },
    mentions: [{ '@id': '#run' }, { '@id': '#engine-run' }],
  }
}

function fileOf({ path, ...facts }: CrateFile): object {
  return { '@id': path, '@type': 'File', ...facts }
}

function workflowOf({ name, files }: CrateSubject, stages: readonly string[]): object[] {
  const { path: _, ...facts } = files.find(({ path }) => path === studyPath)!
  return [
    {
      '@id': studyPath,
      '@type': ['File', 'SoftwareSourceCode', 'ComputationalWorkflow', 'HowTo'],
      ...facts,
      name,
      programmingLanguage: { '@id': '#study-file' },
      hasPart: stages.map((stage) => ({ '@id': toolId(stage) })),
      step: stages.map((stage) => ({ '@id': stepId(stage) })),
    },
    { '@id': '#study-file', '@type': 'ComputerLanguage', name: 'study file of Gauntlet' },
  ]
}

function toolAndStep(stage: string, position: number): object[] {
  return [
    { '@id': toolId(stage), '@type': 'SoftwareApplication', name: stage },
    {
      '@id': stepId(stage),
      '@type': 'HowToStep',
      name: stage,
      position: String(position),
      workExample: { '@id': toolId(stage) },
    },
  ]
}

function runOf({ name, sealedAt, files }: CrateSubject, stages: readonly string[]): object[] {
  const results = files.filter(({ path }) => path.startsWith('tables/'))
  return [
    { '@id': '#gauntlet', '@type': 'SoftwareApplication', name: 'Gauntlet' },
    {
      '@id': '#run',
      '@type': 'CreateAction',
      name: `run of ${name}`,
      instrument: { '@id': studyPath },
      endTime: sealedAt,
      result: results.map(({ path }) => ({ '@id': path })),
    },
    {
      '@id': '#engine-run',
      '@type': 'OrganizeAction',
      name: `Gauntlet ran ${name}`,
      instrument: { '@id': '#gauntlet' },
      object: stages.map((stage) => ({ '@id': `#control-${stage}` })),
      result: { '@id': '#run' },
    },
  ]
}

function toolId(stage: string): string {
  return `#stage-${stage}`
}

function stepId(stage: string): string {
  return `#step-${stage}`
}
