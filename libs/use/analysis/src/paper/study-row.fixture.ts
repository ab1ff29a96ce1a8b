import type { StudyRow } from './study-row.ts'

/** A row of a small study: one protocol, one loss, one dataset where nothing else is said. */
export function analysisRow({
  backbone,
  dataset = 'cars',
  loss = 'TRADES',
  seed,
  diverged = false,
  ...accuracies
}: {
  backbone: string
  dataset?: string
  loss?: string
  seed?: number
  diverged?: boolean
  clean?: number | null
  Linf?: number | null
  L2?: number | null
  L1?: number | null
  common?: number | null
}): StudyRow {
  return {
    backbone,
    dataset,
    loss,
    protocol: 'FFT-50',
    ...(seed === undefined ? {} : { seed }),
    accuracies,
    diverged,
    factors: { size: 'small', type: 'hybrid', strategy: 'supervised' },
  }
}
