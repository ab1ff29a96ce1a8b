import { nodeProgram, pinnedNodes } from './pinned-nodes.ts'

/** `npx tsx test/nodes/fetch-command.ts`: fetches every Node.js that studies are tried with; prints where each is. */
for (const pinned of pinnedNodes) console.log(`${pinned.version} ${await nodeProgram(pinned)}`)
