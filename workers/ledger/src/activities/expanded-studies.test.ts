import { readFileSync } from 'node:fs'
import { digestOfBytes, type ArtifactReference } from '@gauntlet/study'
import { expect, it } from 'vitest'
import { expandedStudies } from './expanded-studies.ts'

const path = new URL('../../../../libs/vocabulary/study/studies/quickstart.study.yaml', import.meta.url)
const bytes = readFileSync(path)
const file: ArtifactReference = { digest: digestOfBytes(bytes), size: bytes.length, mediaType: 'application/yaml' }

it('reads and expands a study once, however often and by how many at once it is asked for', async () => {
  let reads = 0
  const studies = expandedStudies({ read: async () => (reads++, bytes) })
  const [first, second] = await Promise.all([studies(file), studies(file)])
  expect(await studies(file)).toBe(first)
  expect(second).toBe(first)
  expect(reads).toBe(1)
  expect([first?.study.name, first?.expansion.configurations.length]).toEqual(['quickstart', 5])
  expect(first?.text).toBe(bytes.toString())
})

it('reads a study again after a failure', async () => {
  let reads = 0
  const read = async () => {
    if (reads++ === 0) throw new Error('the store is away')
    return bytes
  }
  const studies = expandedStudies({ read })
  await expect(studies(file)).rejects.toThrow('the store is away')
  expect((await studies(file)).study.name).toBe('quickstart')
})
