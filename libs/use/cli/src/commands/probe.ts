import type { Command } from 'commander'
import { addProbeAttack } from './probe-attack.ts'
import { addProbeCorrupt } from './probe-corrupt.ts'
import { addProbeForward } from './probe-forward.ts'

/**
 * `gauntlet probe`: one model on given weights and images, for checking against another implementation. One verb a
 * file.
 */
export function addProbe(program: Command): void {
  const probe = program
    .command('probe')
    .description('one model on given weights and images, to compare with another implementation')
  for (const add of [addProbeForward, addProbeAttack, addProbeCorrupt]) add(probe)
}
