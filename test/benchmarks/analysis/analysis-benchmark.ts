import {
  alikenesses,
  analyze,
  chanceTies,
  nestedBootstrap,
  packOutcomes,
  rankBounds,
  studyPerturbations,
  type ImageSetOutcomes,
  type StudyRow,
} from '@gauntlet/analysis'
import { datasetCatalogue } from '@gauntlet/study'
import { parseArgs } from 'node:util'

const protocols = ['FFT-50', 'FFT-5', 'LP-50']
const losses = ['TRADES', 'Classic AT']
const datasets = datasetCatalogue.slice(0, 6).map(({ id }) => id)
const levels = {
  size: ['small', 'medium', 'large'],
  type: ['fully attention', 'fully convolutional', 'hybrid'],
  strategy: ['supervised', 'supervised (robust)', 'supervised (multistep)', 'self-supervised', 'fusion'],
}

/**
 * Seconds of the analyses of a study as large as asked, with the factors of the published one, and of a nested
 * bootstrap over outcomes. One core; the numbers are drawn, and the same in every run.
 */
export function analysisBenchmark(options: string[]): Promise<void> {
  const { values } = parseArgs({
    args: options,
    options: {
      measurements: { type: 'string', default: '100000' },
      draws: { type: 'string', default: '2000' },
      configurations: { type: 'string', default: '240' },
      images: { type: 'string', default: '1000' },
    },
  })
  const rows = drawnStudy(Number(values.measurements))
  console.log(`${rows.length * studyPerturbations.length} measurements`)
  report('analyze', () => analyze(rows))
  report('rankBounds', () => rankBounds(rows, { protocol: 'FFT-50' }))
  report('chanceTies', () => chanceTies(rows, { protocol: 'FFT-50' }))
  const [configurations, images] = [Number(values.configurations), Number(values.images)]
  const set = drawnOutcomes(configurations, images)
  console.log(`${configurations} configurations × ${images} images × ${studyPerturbations.length} perturbations`)
  for (const by of ['borda', 'sum'] as const) {
    report(`nestedBootstrap by ${by}, ${values.draws} draws`, () =>
      nestedBootstrap([set], { by, draws: Number(values.draws) }),
    )
  }
  report('alikenesses', () =>
    alikenesses(
      set.outcomes[0]!.map(([seed]) => seed!),
      images,
    ),
  )
  return Promise.resolve()
}

function report(name: string, run: () => unknown): void {
  const start = performance.now()
  run()
  console.log(`${name}: ${((performance.now() - start) / 1000).toFixed(2)} s`)
}

/** Rows with accuracies over 1,000 images, a quarter of them 0 as in the published study, so that there are ties. */
function drawnStudy(measurements: number): StudyRow[] {
  const draw = drawer()
  const cells = datasets.length * losses.length * protocols.length * studyPerturbations.length
  return Array.from({ length: Math.ceil(measurements / cells) }, (_, b) => {
    const level = (factor: keyof typeof levels) => levels[factor][b % levels[factor].length]!
    const factors = { size: level('size'), type: level('type'), strategy: level('strategy') }
    return protocols.flatMap((protocol) =>
      losses.flatMap((loss) =>
        datasets.map((dataset) => {
          const accuracy = () => Math.max(0, Math.round(1333 * draw() - 333)) / 1000
          const accuracies = Object.fromEntries(studyPerturbations.map((name) => [name, accuracy()]))
          return { backbone: `backbone-${b}`, dataset, loss, protocol, accuracies, factors }
        }),
      ),
    )
  }).flat()
}

function drawnOutcomes(configurations: number, images: number): ImageSetOutcomes {
  const draw = drawer()
  const seed = (share: number) => packOutcomes(Array.from({ length: images }, () => draw() < share))
  const perturbation = () => Array.from({ length: configurations }, (_, i) => [seed((i + 1) / (configurations + 1))])
  return { name: 'drawn', images, outcomes: studyPerturbations.map(perturbation) }
}

/** Numbers in [0, 1): the multiplicative congruential generator of Park and Miller (CACM 31, 1988). */
function drawer(): () => number {
  let state = 20_250
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
}
