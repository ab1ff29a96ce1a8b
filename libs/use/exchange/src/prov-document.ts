import { join } from 'node:path'
import type { ZipSource } from '@gauntlet/files'
import { JsonListSpool } from './spool.ts'
import { successOf, type StageGroup } from './stage-group.ts'

const sections = ['entity', 'activity', 'agent', 'used', 'wasGeneratedBy', 'wasAssociatedWith'] as const

/**
 * The lineage as PROV-JSON (W3C member submission of 2013-04-24): artifacts are entities, executions activities,
 * workers agents. Each section is written as it grows.
 */
export class ProvDocument {
  readonly #sections: Record<(typeof sections)[number], JsonListSpool>
  readonly #known = new Set<string>()

  constructor(folder: string) {
    const open = (section: string) => [section, new JsonListSpool(join(folder, `prov-${section}.json`))]
    this.#sections = Object.fromEntries(sections.map(open)) as Record<(typeof sections)[number], JsonListSpool>
  }

  addStage(group: StageGroup): void {
    const { execution, fulfilment } = group
    if (!fulfilment) return
    const success = successOf(group)
    const activity = `stage:${execution.stageKey}`
    const times = success && { 'prov:startTime': success.startedAt, 'prov:endTime': success.endedAt }
    this.#sections.activity.add({ 'prov:label': execution.stage, ...times }, activity)
    for (const [role, artifact] of Object.entries(fulfilment.used)) {
      const edge = { 'prov:activity': activity, 'prov:entity': this.#entity(artifact), 'prov:role': role }
      this.#sections.used.add(edge, `_:u-${execution.stageKey}-${role}`)
    }
    for (const [role, artifact] of Object.entries(fulfilment.generated)) {
      const edge = { 'prov:entity': this.#entity(artifact), 'prov:activity': activity, 'prov:role': role }
      this.#sections.wasGeneratedBy.add(edge, `_:g-${execution.stageKey}-${role}`)
    }
    if (success?.worker) {
      const agent = `worker:${encodeURIComponent(success.worker)}`
      this.#once(agent, () => this.#sections.agent.add({ 'prov:type': 'prov:SoftwareAgent' }, agent))
      const edge = { 'prov:activity': activity, 'prov:agent': agent }
      this.#sections.wasAssociatedWith.add(edge, `_:a-${execution.stageKey}`)
    }
  }

  close(): void {
    for (const section of sections) this.#sections[section].close()
  }

  member(): ZipSource {
    return { name: 'prov.json', content: this.#content() }
  }

  async *#content(): AsyncGenerator<Uint8Array> {
    const prefixes = { stage: 'urn:gauntlet:stage:', sha256: 'urn:sha256:', worker: 'urn:gauntlet:worker:' }
    yield Buffer.from(`{"prefix":${JSON.stringify(prefixes)}`)
    for (const section of sections) {
      yield Buffer.from(`,\n"${section}":{`)
      yield* this.#sections[section].content()
      yield Buffer.from('}')
    }
    yield Buffer.from('}\n')
  }

  #entity({ digest, size, mediaType }: { digest: string; size: number; mediaType: string }): string {
    const id = `sha256:${digest}`
    this.#once(id, () => this.#sections.entity.add({ 'prov:type': mediaType, 'stage:bytes': size }, id))
    return id
  }

  #once(id: string, write: () => void): void {
    if (this.#known.has(id)) return
    this.#known.add(id)
    write()
  }
}
