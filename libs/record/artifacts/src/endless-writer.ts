import { openArtifactStore } from './open-artifact-store.ts'

/** Stores one artifact after another. A test runs this file as a process and kills it. */
const store = openArtifactStore(process.argv[2] ?? '')
for (let i = 0; ; i++) {
  const { digest } = await store.put(new Uint8Array(4_000_000).fill(i), 'application/octet-stream')
  await store.writePointer('last', digest)
  process.stdout.write('.')
}
