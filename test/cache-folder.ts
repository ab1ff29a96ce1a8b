import { homedir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

/** Where Gauntlet keeps what is fetched or made once. */
export const cacheFolder =
  process.env['GAUNTLET_CACHE'] || join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'gauntlet')
