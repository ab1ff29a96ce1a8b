import type { Workflows } from '@gauntlet/contract'
import { configuration } from './configuration.ts'
import { pool } from './pool.ts'
import { study } from './study.ts'

export { configuration, pool, study }

/** Clients start workflows by the names in `Workflows`, so each is exported under its name. */
;({ configuration, pool, study }) satisfies Workflows
