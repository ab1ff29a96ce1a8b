import process from 'node:process'

/*
 * Runs the programs of the test that imports this by a PJRT plugin for CPUs, which `node infra/set-up.mjs --tests`
 * installs.
 */
process.env['GAUNTLET_DEVICE'] = 'xla_cpu'
