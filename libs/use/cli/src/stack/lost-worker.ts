import { serviceStatus } from '@gauntlet/infra'

/** Answers in a row after which nothing is expected to start a worker again: `run` does so within seconds. */
const patience = 10

/** Gives a function that says, once, that a worker of this home has ended, without which its studies stand still. */
export function lostWorkerNotice(home: string): () => string | undefined {
  let lost = 0
  return () => {
    lost = isWorkerLost(home) ? lost + 1 : 0
    return lost === patience
      ? `A worker under ${home} has ended, and what needs it waits (its log is in ${home}/logs); start it again with: npx gauntlet up`
      : undefined
  }
}

function isWorkerLost(home: string): boolean {
  const running = serviceStatus(home).flatMap(({ name, state }) => (state === 'running' ? [name] : []))
  return !running.includes('ledger-worker') || !['gpu-worker', 'fetch-worker'].some((name) => running.includes(name))
}
