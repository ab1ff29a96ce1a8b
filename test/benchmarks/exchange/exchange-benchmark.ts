import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { simulateStudy, storeIn } from '@gauntlet/api/fixtures/simulated-study'
import { exportStudy, proveNumber, sealStudy, verifySeal } from '@gauntlet/exchange'
import { startPostgres, stopPostgres } from '@gauntlet/infra'
import { migrate, openLedger, recordKeys } from '@gauntlet/ledger'
import { parseSigningKey } from '@gauntlet/seals'

/**
 * Seconds and resident memory of sealing, verifying, proving and exporting a study of about as many numbers as asked,
 * which are invented and written into an embedded Postgres.
 */
export async function exchangeBenchmark(options: string[]): Promise<void> {
  const { values } = parseArgs({ args: options, options: { measurements: { type: 'string', default: '100000' } } })
  const seeds = Math.max(1, Math.round(Number(values.measurements) / (40 * 6 * 3 * 2 * 5)))
  const folder = mkdtempSync(join(tmpdir(), 'gauntlet-exchange-benchmark-'))
  const { databaseUrl } = await startPostgres(folder)
  await migrate(databaseUrl)
  const ledger = openLedger(databaseUrl)
  try {
    const store = storeIn(join(folder, 'store'))
    const sources = { db: ledger.db, store }
    const { id } = await measured('fill', () =>
      simulateStudy(ledger.db, store, { backbones: 40, datasets: 6, seeds, withPictures: 0, done: 1 }),
    )
    const keys = await recordKeys(ledger.db, id)
    console.log(`${keys.measurements.length} measurements, ${keys.stageKeys.length} stages`)
    const key = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
    const signer = parseSigningKey(key, 'key.pem')
    const { sealed } = await measured('seal', () => sealStudy(sources, id, { signer }))
    console.log(`${sealed.seal.tree.size} facts`)
    const file = join(folder, 'study.seal.json')
    writeFileSync(file, JSON.stringify(sealed))
    await measured('verify the ledger', () => verifySeal(file, (work) => work(sources)))
    await measured('prove one number', () => proveNumber(sources, id, keys.measurements[7]!, { signer }))
    const archive = join(folder, 'study.zip')
    await measured('export', () => exportStudy(sources, id, archive, { signer }))
    console.log(`${Math.round(statSync(archive).size / 1e6)} MB`)
  } finally {
    await ledger.close()
    await stopPostgres(folder)
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Prints the seconds of a step, and the largest resident memory that was seen in it. */
async function measured<Result>(name: string, run: () => Promise<Result>): Promise<Result> {
  const [start, before] = [performance.now(), process.memoryUsage().rss]
  let most = before
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 50)
  try {
    return await run()
  } finally {
    clearInterval(watch)
    const seconds = ((performance.now() - start) / 1000).toFixed(1)
    console.log(`${name}: ${seconds} s, from ${Math.round(before / 1e6)} to at most ${Math.round(most / 1e6)} MB`)
  }
}
