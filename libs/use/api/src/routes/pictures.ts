import { fulfilledOutputsOf } from '@gauntlet/ledger'
import { differenceTile, encodePng } from '@gauntlet/pictures'
import { configurationLabel } from '@gauntlet/study'
import { z, type OpenAPIHono } from '@hono/zod-openapi'
import { ApiError } from '../api-error.ts'
import type { ApiDependencies } from '../dependencies.ts'
import type { EvaluationFiles, KeptImages } from '../evaluation-files.ts'
import type { CachedTable } from '../tables/cached-table.ts'
import type { StudyTables } from '../tables/study-tables.ts'
import { imageOutcome, pictures, type ImageOutcome, type Pictures } from '../wire/one-number.ts'
import { digest, studyName } from '../wire/parts.ts'
import { measuredIn } from './measurements.ts'
import { bytesRoute, ofMeasurement, readRoute, wholeNumber } from './route-parts.ts'

const list = readRoute({
  path: '/api/studies/{study}/measurements/{measurement}/pictures',
  summary: 'The images that an evaluation keeps, and what felled the model with each',
  request: { params: ofMeasurement },
  answer: pictures,
})

const one = bytesRoute(
  '/api/studies/{study}/measurements/{measurement}/pictures/{index}/{kind}',
  'One picture as PNG: the image, what the model was shown, or the difference, enlarged to the whole range around grey',
  'image/png',
  {
    params: z.object({
      study: studyName,
      measurement: digest,
      index: wholeNumber(0, 100_000_000),
      kind: z.enum(['clean', 'perturbed', 'difference']),
    }),
  },
)

const acrossModels = readRoute({
  path: '/api/studies/{study}/measurements/{measurement}/images/{image}',
  summary: 'What one image did to the other models of the study under the same perturbation',
  request: { params: z.object({ study: studyName, measurement: digest, image: digest }) },
  answer: z.array(imageOutcome),
})

/** Models that one image is looked up for. */
const mostModels = 100

/** The images behind a number. */
export function addPictureRoutes(
  app: OpenAPIHono,
  dependencies: ApiDependencies,
  tables: StudyTables,
  files: EvaluationFiles,
): void {
  const outputsIn = async (study: string, measurement: string) => {
    const measured = measuredIn(await tables.read(study), measurement)
    const outputs = (await fulfilledOutputsOf(dependencies.db, [measured.stageKey])).get(measured.stageKey)
    return { measured, images: outputs?.['images']?.digest }
  }
  app.openapi(list, async (context) => {
    const { study, measurement } = context.req.valid('param')
    const { measured, images } = await outputsIn(study, measurement)
    if (!images) return context.json({ side: 0, pictures: [] }, 200)
    const [kept, outcomes] = await Promise.all([files.images(images), files.outcomes(measured.outcomesDigest)])
    return context.json(listPictures(kept, outcomes), 200)
  })
  app.openapi(one, async (context) => {
    const { study, measurement, index, kind } = context.req.valid('param')
    const { images } = await outputsIn(study, measurement)
    const kept = images && (await files.images(images))
    const image = kept ? kept.images.get(index) : undefined
    if (!kept || !image) throw new ApiError(404, `The evaluation keeps no image ${index}; the list of them says which.`)
    context.header('cache-control', 'private, max-age=86400, immutable')
    return context.body(Buffer.from(drawPicture(image, kept.side, kind)), 200, { 'content-type': 'image/png' })
  })
  app.openapi(acrossModels, async (context) => {
    const { study, measurement, image } = context.req.valid('param')
    const table = await tables.read(study)
    measuredIn(table, measurement)
    return context.json(await outcomesAcross(dependencies, table, files, measurement, image), 200)
  })
}

function listPictures(
  { side, images }: KeptImages,
  outcomes: Awaited<ReturnType<EvaluationFiles['outcomes']>>,
): Pictures {
  const byIndex = new Map(outcomes.map((outcome) => [outcome.index, outcome]))
  const listed = [...images.values()].flatMap((image) => {
    const outcome = byIndex.get(image.index)
    if (!outcome) return []
    const { index, label, prediction, felledBy, run, margin, distance } = outcome
    const { verdict } = differenceTile(levels(image.clean), image.perturbed, side)
    const differenceTimes = verdict === 'none' ? null : Number(verdict.replace('times ', ''))
    return [
      {
        index,
        image: outcome.image as string,
        label,
        prediction,
        felledBy,
        run,
        margin: finite(margin),
        distance,
        differenceTimes,
      },
    ]
  })
  return { side, pictures: listed }
}

function drawPicture(
  { clean, perturbed }: { readonly clean: Uint8Array; readonly perturbed: Float32Array },
  side: number,
  kind: 'clean' | 'perturbed' | 'difference',
): Uint8Array {
  const pixels =
    kind === 'clean'
      ? levels(clean)
      : kind === 'perturbed'
        ? perturbed
        : differenceTile(levels(clean), perturbed, side).pixels
  const data = Uint8Array.from(pixels, (level) => Math.round(Math.min(Math.max(level, 0), 1) * 255))
  return encodePng({ width: side, height: side, data })
}

function levels(bytes: Uint8Array): Float32Array {
  return Float32Array.from(bytes, (level) => level / 255)
}

/** JSON has no infinite numbers. */
function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null
}

async function outcomesAcross(
  { db }: ApiDependencies,
  table: CachedTable,
  files: EvaluationFiles,
  measurement: string,
  image: string,
): Promise<ImageOutcome[]> {
  const own = measuredIn(table, measurement)
  const width = table.grid.perturbations.length
  const others = table.cells.flatMap(({ measured }) =>
    measured && measured.dataset === own.dataset && (measured.row - own.row) % width === 0 ? [measured] : [],
  )
  const nearest = others.sort((a, b) => Math.abs(a.row - own.row) - Math.abs(b.row - own.row)).slice(0, mostModels)
  const outputs = await fulfilledOutputsOf(
    db,
    nearest.map(({ stageKey }) => stageKey),
  )
  const found: ImageOutcome[] = []
  for (const cell of nearest.sort((a, b) => a.row - b.row)) {
    const outcomes = await files.outcomes(cell.outcomesDigest).catch(() => [])
    const outcome = outcomes.find((each) => each.image === image)
    if (!outcome) continue
    const { index, held, label, prediction, felledBy, margin } = outcome
    const keptImages = outputs.get(cell.stageKey)?.['images']?.digest
    const kept = keptImages && !held ? await files.images(keptImages).catch(() => null) : null
    found.push({
      row: cell.row,
      configuration: configurationLabel(table.grid.configurations[Math.floor((cell.row - 1) / width)]!.configuration),
      measurementId: cell.measurementId as string,
      index,
      held,
      label,
      prediction,
      felledBy,
      margin: finite(margin),
      hasPicture: kept?.images.has(index) ?? false,
    })
  }
  return found
}
