import { fulfilledOutputsOf, studiesNamed } from '@gauntlet/ledger'
import { configurationLabel, perturbationLabel, type Configuration, type Perturbation } from '@gauntlet/study'
import { z, type OpenAPIHono } from '@hono/zod-openapi'
import { ApiError } from '../api-error.ts'
import type { ApiDependencies } from '../dependencies.ts'
import type { CachedTable } from '../tables/cached-table.ts'
import type { StudyTables } from '../tables/study-tables.ts'
import { cell, type Cell } from '../wire/one-number.ts'
import { studyName } from '../wire/parts.ts'
import { readRoute, wholeNumber } from './route-parts.ts'

const oneCell = readRoute({
  path: '/api/studies/{study}/cells/{row}',
  summary: 'One cell of the table: its number, or why it has none',
  request: { params: z.object({ study: studyName, row: wholeNumber(1, 100_000_000) }) },
  answer: cell,
})

/** What a cell has to be copied; a command that says more of a number is one line here. */
const numberCommands: readonly ((study: string, row: number) => Cell['commands'][number])[] = [
  (study, row) => ({ what: 'Where it comes from', command: `npx gauntlet trace ${study} ${row}` }),
]
const missingCommands: typeof numberCommands = [
  (study) => ({ what: 'Compute what is missing', command: `npx gauntlet run ${study}` }),
]

/** One cell of a table. */
export function addCellRoutes(app: OpenAPIHono, { db }: ApiDependencies, tables: StudyTables): void {
  app.openapi(oneCell, async (context) => {
    const { study, row } = context.req.valid('param')
    const table = await tables.read(study)
    const { position, configuration, perturbation } = placeOf(table, row)
    const { measured, missing } = table.cells[row - 1]!
    const outputs = measured && (await fulfilledOutputsOf(db, [measured.stageKey])).get(measured.stageKey)
    const { id, name } = table.grid.study
    const isLast = (await studiesNamed(db, name, 1))[0] === id
    const called = isLast && /^[\w.-]+$/.test(name) ? name : id.slice(0, 12)
    const told: Cell = {
      row,
      position,
      configurationId: table.grid.configurations[position]!.id as string,
      configuration: configurationLabel(configuration),
      perturbation: perturbationLabel(perturbation),
      evaluator: (measured ?? missing)!.evaluator,
      measurement: measured && {
        id: measured.measurementId as string,
        correct: measured.correct,
        total: measured.total,
        flags: [...measured.flags],
        hasPictures: outputs?.['images'] !== undefined,
      },
      reason: missing?.reason ?? null,
      commands: (measured ? numberCommands : missingCommands).map((command) => command(called, row)),
    }
    return context.json(told, 200)
  })
}

function placeOf({ grid }: CachedTable, row: number): CellPlace {
  const width = grid.perturbations.length
  const position = Math.floor((row - 1) / width)
  const found = grid.configurations[position]
  if (!found)
    throw new ApiError(404, `There is no row ${row}; the table has rows 1 to ${grid.configurations.length * width}.`)
  return {
    position,
    configuration: found.configuration,
    perturbation: grid.perturbations[(row - 1) % width]!.perturbation,
  }
}

interface CellPlace {
  readonly position: number
  readonly configuration: Configuration
  readonly perturbation: Perturbation
}
