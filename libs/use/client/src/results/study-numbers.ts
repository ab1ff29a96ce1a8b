import {
  flagMeaning,
  grouped,
  importedDefects,
  type ClaimedOrigin,
  type LackingCell,
  type MeasuredOrigin,
  type NumberedRow,
  type StudyNumbers,
  type StudyPerturbation,
} from '@gauntlet/analysis'
import type { ImportedStudy } from '@gauntlet/ledger'
import { backboneFacts, backboneOfLabel, cellLabel, epsilonLabel } from '@gauntlet/study'
import type { MeasuredCell, MissingCell, StudyResults } from './study-results.ts'

/**
 * The numbers of a study that ran, from its table: a row for each configuration, with every number's origin. A number
 * that a flag refuses is listed as lacking and not used; neither are numbers by other code or in other environments.
 */
export function numbersOfResults({ study, rows, missing }: StudyResults): StudyNumbers {
  const cells = toldApart([...rows, ...missing].toSorted((a, b) => a.row - b.row))
  const configurations = grouped<ResultsCell>(cells, ({ configurationId }) => configurationId)
  const contracts = new Set(cells.map(({ inputContract }) => inputContract))
  return {
    id: study.id,
    name: study.name,
    evidence: 'measured',
    source: [sourceOf(rows), ...metricsOf(cells)].join('; '),
    perturbations: perturbationsOf(cells),
    rows: [...configurations.values()].map((own) => rowOf(own, contracts.size > 1)),
    lacking: cells.flatMap(lackingCell),
    defects: [],
  }
}

type ResultsCell = MeasuredCell | MissingCell

/**
 * The cells with a name of its own for each perturbation, by which numbers are kept. Where a study has one at several
 * radii or by several evaluators, its name alone says too little.
 */
function toldApart(cells: readonly ResultsCell[]): ResultsCell[] {
  const alike = grouped(
    [...grouped(cells, kindOf).values()].map(([first]) => first!),
    ({ perturbation }) => perturbation,
  )
  const names = new Map(
    [...alike.values()].flatMap((kinds) => {
      const radii = new Set(kinds.map(({ epsilon }) => epsilon))
      return kinds.map((kind) => [kindOf(kind), nameAmong(kinds.length, radii.size, kind)] as const)
    }),
  )
  return cells.map((cell) => ({ ...cell, perturbation: names.get(kindOf(cell))! }))
}

function kindOf({ perturbation, epsilon, evaluator }: ResultsCell): string {
  return JSON.stringify([perturbation, epsilon, evaluator])
}

/** The name of one of so many perturbations of a name, which have so many radii. */
function nameAmong(kinds: number, radii: number, { perturbation, epsilon, evaluator }: ResultsCell): string {
  if (kinds === 1) return perturbation
  const name = radii > 1 && epsilon !== null ? `${perturbation} ${epsilonLabel(epsilon)}` : perturbation
  return radii === kinds ? name : `${name} (${evaluator})`
}

function isMeasured(cell: ResultsCell): cell is MeasuredCell {
  return 'accuracy' in cell
}

function refusalOf(cell: MeasuredCell): string | null {
  const refused = cell.flags.filter(({ policy }) => policy === 'refuse').map(flagMeaning)
  return refused.length > 0 ? `not ranked: ${refused.join('; ')}` : null
}

function rowOf(cells: readonly ResultsCell[], namesContract: boolean): NumberedRow {
  const [{ dataset, backbone, loss, protocol, seed, inputContract }] = cells as [ResultsCell]
  const facts = backboneFacts(backboneOfLabel(backbone))
  const accuracies = cells.map((cell) => [
    cell.perturbation,
    isMeasured(cell) && refusalOf(cell) === null ? cell.accuracy : null,
  ])
  return {
    dataset,
    backbone: namesContract ? `${backbone} (${inputContract})` : backbone,
    loss,
    protocol,
    seed,
    accuracies: Object.fromEntries(accuracies),
    diverged: cells.some((cell) => !isMeasured(cell) && cell.failureClass === 'Diverged'),
    factors: {
      size: facts?.size ?? null,
      type: facts?.familyType ?? null,
      strategy: facts?.pretrainingStrategy ?? null,
    },
    origins: Object.fromEntries(
      cells.filter(isMeasured).map((cell) => [cell.perturbation, measuredOrigin(cell)] as const),
    ),
  }
}

function measuredOrigin(cell: MeasuredCell): MeasuredOrigin {
  const { row, correct, total, evaluator, flags, importSeal } = cell
  const { measurementId, stageKey, outcomesDigest, codeDigest, environmentClass } = cell
  const counted = { kind: 'measured' as const, row, correct, total, evaluator, flags }
  const origin = { ...counted, measurementId, stageKey, outcomesDigest, codeDigest, environmentClass }
  return importSeal === null ? origin : { ...origin, importSeal }
}

function lackingCell(cell: ResultsCell): LackingCell[] {
  const name = `${cellLabel(cell)} · ${cell.perturbation}`
  if (!isMeasured(cell)) return [{ cell: name, reason: `${cell.failureClass ?? 'pending'}: ${cell.reason}` }]
  const refusal = refusalOf(cell)
  return refusal === null ? [] : [{ cell: name, reason: refusal }]
}

function perturbationsOf(cells: readonly ResultsCell[]): StudyPerturbation[] {
  const byName = new Map(cells.map(({ perturbation, epsilon, evaluator }) => [perturbation, { epsilon, evaluator }]))
  return [...byName].map(([name, facts]) => ({ name, ...facts }))
}

/**
 * Where the numbers come from. Whoever ranks numbers of several classes of machines is told so, since these may round
 * differently.
 */
function sourceOf(rows: readonly MeasuredCell[]): string {
  const short = (digests: readonly string[]) => [...new Set(digests.map((digest) => digest.slice(0, 12)))]
  if (rows.length === 0) return 'no number yet'
  const environments = short(rows.map(({ environmentClass }) => environmentClass))
  const where =
    environments.length > 1
      ? `on ${environments.length} classes of machines, whose numbers are compared (environments ${environments.join(', ')}),`
      : `in environment ${environments[0]}`
  return `measured ${where} by evaluations of code ${short(rows.map(({ codeDigest }) => codeDigest)).join(', ')}`
}

/** What the numbers are of datasets that ask for another metric, which needs the outcomes. */
function metricsOf(cells: readonly ResultsCell[]): string[] {
  const datasets = [...new Set(cells.flatMap(({ dataset, metric }) => (metric === undefined ? [] : dataset)))]
  if (datasets.length === 0) return []
  return [
    `numbers of ${datasets.join(', ')} are accuracies over all test images, not the means per class that the study asks for (npx gauntlet results has these)`,
  ]
}

/** The numbers of a published table that was imported. */
export function numbersOfImport(imported: ImportedStudy): StudyNumbers {
  const { id, name, fileName, fileDigest, perturbations, rows } = imported
  const columns = new Map(perturbations.map((perturbation) => [perturbation.name, perturbation.column]))
  const originAt = (row: number, perturbation: string): ClaimedOrigin => ({
    kind: 'claimed',
    row,
    column: columns.get(perturbation) ?? null,
  })
  return {
    id,
    name,
    evidence: 'claimed',
    source: `read from ${fileName}, SHA-256 ${fileDigest}`,
    perturbations: perturbations.map(({ name, epsilon, evaluator }) => ({ name, epsilon, evaluator })),
    defects: importedDefects(
      rows.map(({ row, backbone, dataset, loss, protocol, size, type, strategy, displayName, accuracies }) => {
        const cell = { row, backbone, dataset, loss, protocol, displayName, accuracies }
        return { ...cell, factors: { size, type, strategy } }
      }),
      imported.reading,
    ),
    rows: rows.map(({ row, backbone, dataset, loss, protocol, seed, size, type, strategy, accuracies }) => ({
      backbone,
      dataset,
      loss,
      protocol,
      ...(seed === null ? {} : { seed }),
      accuracies,
      factors: { size, type, strategy },
      origins: Object.fromEntries(
        Object.keys(accuracies)
          .filter((perturbation) => accuracies[perturbation] !== null)
          .map((perturbation) => [perturbation, originAt(row, perturbation)]),
      ),
    })),
    lacking: rows.flatMap(({ row, accuracies }) =>
      Object.entries(accuracies)
        .filter(([, accuracy]) => accuracy === null)
        .map(([perturbation]) => ({ cell: `row ${row} · ${perturbation}`, reason: 'the table has no number' })),
    ),
  }
}
