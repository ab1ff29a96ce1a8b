/** Adds one to the number in a file a hundred times, each time under the lock. Told to `die`, it dies with the lock. */
import { readFileSync, writeFileSync } from 'node:fs'
import { exclusively } from './exclusive.mjs'

const [lock = '', counter = '', mode] = process.argv.slice(2)
for (let i = 0; i < 100; i++) {
  await exclusively(lock, async () => {
    if (mode === 'die') process.kill(process.pid, 'SIGKILL')
    const value = Number(readFileSync(counter, 'utf8'))
    await new Promise((resolve) => setImmediate(resolve))
    writeFileSync(counter, String(value + 1))
  })
}
