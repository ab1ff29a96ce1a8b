import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { checkout } from '../checkout.ts'

/** The folders with the sources of workers. */
const sourceFolders = ['libs', 'workflows', 'workers']

/** The variables that change how a worker computes, finds its devices or reaches other services. */
const inherited =
  /^(GAUNTLET_(?!HOME$|CACHE$|ARTIFACTS$|DASHBOARD_TOKEN$|START$)\w+|TF_\w+|XLA_\w+|CUDA_\w+|NVIDIA_\w+|ONEDNN_\w+|DNNL_\w+|OMP_\w+|KMP_\w+|MKL_\w+|HF_\w+|TEMPORAL_\w+|AWS_\w+|NODE_\w+|LD_\w+|MALLOC_\w+|TMPDIR|(https?|all|no)_proxy)$/i

/**
 * What a local worker is that is started now: the digest of its environment (this Node, the installed packages, and the
 * variables that it inherits) and that of the sources of this checkout.
 */
export function workerVersion(variables: NodeJS.ProcessEnv = process.env): string {
  const environment = createHash('sha256').update(`${process.version}\n`)
  for (const name of Object.keys(variables).sort())
    if (inherited.test(name)) environment.update(JSON.stringify([name, variables[name]]))
  environment.update(readFileSync(join(checkout, 'package-lock.json')))
  const sources = createHash('sha256')
  for (const file of sourceFolders.flatMap((name) => sourcesIn(join(checkout, name))))
    sources.update(`${relative(checkout, file)}\n`).update(readFileSync(file))
  return `${environment.digest('hex')} ${sources.digest('hex')}`
}

/**
 * Whether workers of two versions are of one environment. Then the later ones go on with what the earlier ones began:
 * runs by the workflows and stages by the code that they began with (decision 0040).
 */
export function isSameEnvironment(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && one.split(' ')[0] === other.split(' ')[0]
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
