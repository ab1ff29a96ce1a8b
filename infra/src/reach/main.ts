import { readFileSync } from 'node:fs'
import { livingProcess } from '../process-record.ts'
import { reachFiles } from './keys.ts'
import { reachServer } from './reach-server.ts'

/*
 * The process that workers on other machines reach Temporal through. Its arguments are the home, the address to listen
 * at, and the port.
 */
const [home, host, port] = process.argv.slice(2) as [string, string, string]
const { authority, server } = reachFiles(home)
const listening = reachServer({
  key: readFileSync(server.key),
  certificate: readFileSync(server.certificate),
  authority: readFileSync(authority),
  target: () => livingProcess(home, 'temporal')?.port,
})
listening.listen(Number(port), host, () => console.log(`reachable at ${host}:${port}`))
listening.on('error', (error) => {
  console.error(error.message)
  process.exit(1)
})
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(0))
