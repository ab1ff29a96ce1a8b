import process from 'node:process'

/**
 * Benchmarks by name, each in a folder of its own: `npm run bench -- engine --side 64`. What they showed stands in
 * LOG.md.
 */
const benchmarks: Readonly<Record<string, () => Promise<(options: string[]) => Promise<void>>>> = {
  analysis: async () => (await import('./analysis/analysis-benchmark.ts')).analysisBenchmark,
  attack: async () => (await import('./attack/attack-benchmark.ts')).attackBenchmark,
  engine: async () => (await import('./engine/engine-benchmark.ts')).engineBenchmark,
  exchange: async () => (await import('./exchange/exchange-benchmark.ts')).exchangeBenchmark,
  'fair-share': async () => (await import('./fair-share/fair-share-benchmark.ts')).fairShareBenchmark,
  input: async () => (await import('./input/input-benchmark.ts')).inputBenchmark,
  ledger: async () => (await import('./ledger/ledger-benchmark.ts')).ledgerBenchmark,
  orchestration: async () => (await import('./orchestration/orchestration-benchmark.ts')).orchestrationBenchmark,
  scale: async () => (await import('./orchestration/scale-benchmark.ts')).scaleBenchmark,
}

const [name = '', ...options] = process.argv.slice(2)
const load = benchmarks[name]
try {
  if (load) await (await load())(options)
  else refuse(`There is no benchmark ${JSON.stringify(name)}; choose one of ${Object.keys(benchmarks).join(', ')}.`)
} catch (error) {
  if (!(error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_'))) throw error
  refuse(`${name}: ${error.message}.`)
}

function refuse(reason: string): void {
  console.error(reason)
  process.exitCode = 2
}
