import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * The folder with everything that is fetched or built once for all checkouts: `GAUNTLET_CACHE`, else `gauntlet` in the
 * user's cache folder.
 * @param {NodeJS.ProcessEnv} [environment]
 */
export function cacheFolder(environment = process.env) {
  return (
    environment['GAUNTLET_CACHE'] ||
    join(environment['XDG_CACHE_HOME'] || join(environment['HOME'] || homedir(), '.cache'), 'gauntlet')
  )
}
