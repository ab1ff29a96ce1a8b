import { recordFailure } from '@gauntlet/ledger'
import { configurationWith, studyOf, useLedger } from '@gauntlet/ledger/fixtures/ledger'
import { recordStudy } from '@gauntlet/ledger'
import { configurationId } from '@gauntlet/study'
import { beforeAll, expect, it } from 'vitest'
import { apiOf, dependenciesOf } from './api.fixture.ts'

const ledger = useLedger()
const configuration = configurationWith(1)
const study = studyOf('watched', [configuration])
beforeAll(() => recordStudy(ledger.db, study))

const fail = (message: string) =>
  recordFailure(ledger.db, {
    studyId: study.id,
    configurationId: configurationId(configuration),
    stage: 'fine-tune',
    stageKey: null,
    perturbation: null,
    failureClass: 'Bug',
    message,
    evidence: null,
  })

interface Event {
  readonly event: string
  readonly id: string
  readonly data: string
}

/** Opens the stream, and gives its events one by one. */
async function open(after?: string) {
  const app = apiOf(dependenciesOf(ledger.db, undefined as never))
  const headers = after === undefined ? {} : { 'last-event-id': after }
  const response = await app.request('http://localhost/api/events', { headers })
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  return {
    async next(): Promise<Event> {
      while (!text.includes('\n\n')) text += (await reader.read()).value ?? ''
      const [block = '', ...rest] = text.split('\n\n')
      text = rest.join('\n\n')
      const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2)))
      return fields as unknown as Event
    },
    close: () => reader.cancel(),
  }
}

it('tells a reader of each change, and one that was away of all that it missed, as one event', async () => {
  const first = await open()
  const begun = await first.next()
  expect(begun.event).toBe('begin')
  await new Promise((resolve) => setTimeout(resolve, 700)) // until the watcher has its first position
  await fail('once')
  const changed = await first.next()
  expect(changed).toMatchObject({ event: 'changes', data: JSON.stringify({ studies: [study.id], isOther: false }) })
  await first.close()
  await fail('twice')
  await fail('three times')
  const second = await open(changed.id)
  const missed = await second.next()
  expect(missed.event).toBe('changes')
  expect(BigInt(missed.id)).toBeGreaterThan(BigInt(changed.id))
  await second.close()
  const third = await open(missed.id)
  expect((await third.next()).event).toBe('begin')
  await third.close()
})

it('opens no stream for a reader of the head alone', async () => {
  const app = apiOf(dependenciesOf(ledger.db, undefined as never))
  for (let asked = 0; asked <= 64; asked++) {
    const { status } = await app.request('http://localhost/api/events', { method: 'HEAD' })
    expect(status).toBe(200)
  }
})

it('tells a reader with a position of another ledger to read everything again', async () => {
  const stream = await open('999999999999')
  expect(JSON.parse((await stream.next()).data)).toMatchObject({ isOther: true })
  await stream.close()
})

it('tells a reader that listens while a change is made within a second', async () => {
  const stream = await open()
  await stream.next()
  await fail('at once') // before the watcher has looked for the first time
  const startedAt = performance.now()
  expect((await stream.next()).event).toBe('changes')
  expect(performance.now() - startedAt).toBeLessThan(5_000)
  await stream.close()
})
