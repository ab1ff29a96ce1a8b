import type { ProbeAnswer, ProbeRequest } from '@gauntlet/contract'
import { deviceVariables } from '@gauntlet/engine/device-variables'
import { availableParallelism } from 'node:os'
import { answerOnce } from '../answer-once.ts'
import type { Probe } from './probe.ts'

/*
 * The process of `gauntlet probe`. It takes one request over IPC, does it, answers, and ends. It is a process of its
 * own because the command line loads no tensor runtime; it needs no worker, no Temporal and no ledger. Each verb has a
 * line in `verbs` and a file of its own.
 */

const verbs: { readonly [Verb in ProbeRequest['verb']]: () => Promise<Probe<Extract<ProbeRequest, { verb: Verb }>>> } =
  {
    forward: async () => (await import('./forward.ts')).probeForward,
    attack: async () => (await import('./attack.ts')).probeAttack,
    corrupt: async () => (await import('./corrupt.ts')).probeCorrupt,
  }

const threads = Number(process.env['GAUNTLET_THREADS']) || availableParallelism()

answerOnce<ProbeRequest, ProbeAnswer>(async (request) => {
  // libtensorflow reads these variables when it is loaded, which the import of a verb does. Attacks run as captured
  // programs, the other verbs one operator at a time.
  Object.assign(process.env, deviceVariables({ threads, share: request.verb === 'attack' ? 'batch' : 'operators' }))
  // The request has the verb of its probe, which the compiler cannot see.
  const probe = (await verbs[request.verb]()) as Probe<ProbeRequest>
  const summary = await probe(request, (done, total) => send({ type: 'progress', done, total }))
  return { type: 'done', summary }
})

function send(message: ProbeAnswer): void {
  process.send!(message)
}
