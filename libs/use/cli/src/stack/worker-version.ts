import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { checkout } from '../checkout.ts'

/** The folders with the sources of workers. */
const sourceFolders = ['libs', 'workflows', 'workers']

/** The variables that change how a worker computes, finds its devices or reaches other services. */
const inherited =
  /^(GAUNTLET_(?!HOME$|CACHE$|ARTIFACTS$|DASHBOARD_TOKEN$)\w+|TF_\w+|XLA_\w+|CUDA_\w+|NVIDIA_\w+|ONEDNN_\w+|DNNL_\w+|OMP_\w+|KMP_\w+|MKL_\w+|HF_\w+|TEMPORAL_\w+|AWS_\w+|NODE_\w+|LD_\w+|MALLOC_\w+|TMPDIR|(https?|all|no)_proxy)$/i

/**
 * The digest of what a local worker is that is started now: the sources of this checkout, this Node, and the variables
 * it inherits. A worker of another version would do other work than the command means.
 */
export function workerVersion(variables: NodeJS.ProcessEnv = process.env): string {
  const hash = createHash('sha256').update(`${process.version}\n`)
  for (const name of Object.keys(variables).sort())
    if (inherited.test(name)) hash.update(JSON.stringify([name, variables[name]]))
  for (const file of [
    join(checkout, 'package-lock.json'),
    ...sourceFolders.flatMap((name) => sourcesIn(join(checkout, name))),
  ])
    hash.update(`${relative(checkout, file)}\n`).update(readFileSync(file))
  return hash.digest('hex')
}

/** The sources that run, in the order of their names. Tests and their fixtures are left out. */
function sourcesIn(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return ['node_modules', 'testing'].includes(entry.name) ? [] : sourcesIn(path)
    return /\.(ts|mjs|sql|json)$/.test(entry.name) && !/\.(test|case|fixture)\./.test(entry.name) ? [path] : []
  })
}
