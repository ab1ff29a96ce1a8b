import { join, resolve } from 'node:path'

/** The folder of the checkout that this command line is part of. Nodes of a cluster see it under the same path. */
export const checkout = resolve(import.meta.dirname, '../../../..')

/** The package of GPU workers, whose files the command line starts as processes and does not import. */
export const gpuWorker = join(checkout, 'workers/gpu')
