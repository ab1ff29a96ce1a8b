import { ArtifactCorrupt } from '@gauntlet/artifacts'
import type { Digest } from '@gauntlet/study'
import { Links, type Level, type LevelContext } from './level.ts'
import { originsOf, type StudyRecord } from './study-record.ts'

/** Artifacts that are looked at together. */
const together = 8

/**
 * Every artifact that an execution generated, and every bundle of code, is in the store with the bytes that its digest
 * names. Bytes from outside are named by their digest alone, since they stay where they came from.
 */
export const bytesLevel: Level = {
  name: 'bytes',
  claim: 'every stored artifact has the bytes that its digest names',
  async check(record, context) {
    const links = new Links()
    const { stored, outside } = artifactsOf(record)
    for (const role of outside.values())
      links.attested(`The bytes of ${role} stay where they came from; their digests are attested.`)
    const artifacts = [...stored]
    for (let done = 0; done < artifacts.length; done += together) {
      context.signal.throwIfAborted()
      const part = artifacts.slice(done, done + together)
      const problems = await Promise.all(part.map(([digest, { size }]) => problemOf(digest, size, context)))
      part.forEach(([digest, { role }], i) => links.judge(`artifact ${digest} (${role})`, problems[i]!))
      context.report(Math.min(done + together, artifacts.length), artifacts.length)
    }
    return links.report()
  },
}

interface StoredBytes {
  readonly size: number
  readonly role: string
}

function artifactsOf({ executions }: StudyRecord) {
  const stored = new Map<Digest, StoredBytes>()
  const outside = new Map<Digest, string>()
  for (const { used, generated } of executions.values()) {
    for (const [role, { digest, size }] of Object.entries(generated)) stored.set(digest, { size, role })
    for (const [role, { digest, size }] of Object.entries(used)) {
      if (originsOf[role]?.length === 0) outside.set(digest, role)
      else if (!stored.has(digest)) stored.set(digest, { size, role })
    }
  }
  return { stored, outside }
}

async function problemOf(digest: Digest, size: number, { store, again }: LevelContext): Promise<string | null> {
  const state = await store.verify(digest, { again })
  if (state === 'missing') return 'is not in the store'
  if (state === 'corrupt') return 'has other bytes than its digest names'
  try {
    await store.localFile({ digest, size, mediaType: '' })
    return null
  } catch (error) {
    if (error instanceof ArtifactCorrupt) return `has another size than the ${size} bytes that its row says`
    throw error
  }
}
