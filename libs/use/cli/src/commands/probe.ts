import type { Command } from 'commander'
import { addProbeAttack } from './probe-attack.ts'
import { addProbeCorrupt } from './probe-corrupt.ts'
import { addProbeForward } from './probe-forward.ts'

/**
 * `gauntlet probe` runs one model on given weights and images, to compare it with another implementation. Each verb has
 * a file of its own.
 */
export function addProbe(program: Command): void {
  const probe = program
    .command('probe')
    .description('run one model on given weights and images, to compare it with another implementation')
  for (const add of [addProbeForward, addProbeAttack, addProbeCorrupt]) add(probe)
}
