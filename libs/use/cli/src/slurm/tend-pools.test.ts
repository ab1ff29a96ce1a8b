import { expect, it } from 'vitest'
import { tendPools } from './tend-pools.ts'

/** A ledger that is away at the first of three rounds, and a pool whose cluster is at the second. */
function rounds(every?: number) {
  const said: string[] = []
  const ending = new AbortController()
  let [asked, tended] = [0, 0]
  const tending = tendPools({
    async pools() {
      if (++asked === 1) throw new Error('Failed query: select', { cause: new Error('terminating connection') })
      return [{ name: 'a100' }]
    },
    async tend({ name }) {
      if (++tended === 1) throw new Error('slurmctld does not answer')
      ending.abort()
      return `${name}: 4 workers`
    },
    say: (sentence) => said.push(sentence),
    signal: ending.signal,
    ...(every === undefined ? {} : { every }),
  })
  return { tending, said }
}

it('pools are looked after again after the ledger or the cluster was away', async () => {
  const { tending, said } = rounds(1)
  await tending
  expect(said).toEqual(['ledger: terminating connection', 'a100: slurmctld does not answer', 'a100: 4 workers'])
})

it('a single look fails where the ledger is away', async () => {
  const { tending } = rounds()
  await expect(tending).rejects.toThrow('Failed query')
})
