import { ArtifactCorrupt, ArtifactMissing } from '@gauntlet/artifacts'
import { fulfilledOutputsOf } from '@gauntlet/ledger'
import { configurationLabel, type Digest } from '@gauntlet/study'
import { z, type OpenAPIHono } from '@hono/zod-openapi'
import { ApiError } from '../api-error.ts'
import type { ApiDependencies } from '../dependencies.ts'
import { KeptValues } from '../kept-values.ts'
import type { StudyTables } from '../tables/study-tables.ts'
import { curves, type Epoch } from '../wire/study-now.ts'
import { ofStudy, readRoute } from './route-parts.ts'
import { historySoFar } from '../history-so-far.ts'

/** The most trainings in one answer. */
const mostCurves = 60

const route = readRoute({
  path: '/api/studies/{study}/curves',
  summary: 'The training of some configurations, epoch by epoch',
  request: {
    params: ofStudy,
    query: z.object({
      configurations: z
        .string()
        .regex(/^\d{1,8}(,\d{1,8})*$/, 'places in the table, from 0, with commas between them')
        .max(1_000),
    }),
  },
  answer: curves,
})

/** The parts that are shown of the history that fine-tuning stores (`libs/science/training/src/history.ts`). */
const history = z.array(
  z.object({
    epoch: z.number(),
    learningRates: z.object({ backbone: z.number(), head: z.number() }),
    training: z.object({
      images: z.number(),
      loss: z.number(),
      cleanCorrect: z.number().nullable(),
      adversarialCorrect: z.number().nullable(),
    }),
    validation: z
      .object({
        images: z.number(),
        cleanCorrect: z.number(),
        cleanLoss: z.number(),
        adversarialCorrect: z.number(),
        adversarialLoss: z.number(),
      })
      .nullable(),
  }),
)

/** How the models of a study were trained. */
export function addCurveRoutes(app: OpenAPIHono, { db, store }: ApiDependencies, tables: StudyTables): void {
  const histories = new KeptValues<Epoch[]>(500)
  app.openapi(route, async (context) => {
    const positions = [...new Set(context.req.valid('query').configurations.split(',').map(Number))]
    if (positions.length > mostCurves)
      throw new ApiError(
        400,
        `${positions.length} trainings are too many for one answer; ask for at most ${mostCurves}.`,
      )
    const { grid, stages } = await tables.read(context.req.valid('param').study)
    const known = positions.filter((position) => grid.configurations[position])
    const keys = known.flatMap((position) => stages[position]?.fineTune ?? [])
    const outputs = await fulfilledOutputsOf(db, keys)
    const answers = known.map(async (position) => {
      const key = stages[position]?.fineTune ?? null
      const digest = key && outputs.get(key)?.['history']?.digest
      const training = digest
        ? await readable(() => histories.get(digest, async () => epochsOf(await store.read(digest))))
        : await unfinished(store, key)
      const configuration = configurationLabel(grid.configurations[position]!.configuration)
      return { position, configuration, hasEnded: Boolean(digest), ...training }
    })
    return context.json({ curves: await Promise.all(answers) }, 200)
  })
}

/** The epochs, or why the store cannot give them: one lost history must not hide the others. */
async function readable(read: () => Promise<Epoch[]>) {
  try {
    return { epochs: await read(), reason: null }
  } catch (error) {
    if (error instanceof ArtifactMissing || error instanceof ArtifactCorrupt)
      return { epochs: null, reason: error.message }
    throw error
  }
}

/** The epochs that a training has behind it: those of its last mid-training state. */
async function unfinished(store: ApiDependencies['store'], key: Digest | null) {
  const epochs = key && (await historySoFar(store, key))
  return epochs ? { epochs: epochsIn(epochs), reason: null } : { epochs: null, reason: 'The training has not ended.' }
}

function epochsOf(bytes: Uint8Array): Epoch[] {
  return epochsIn(JSON.parse(new TextDecoder().decode(bytes)))
}

function epochsIn(records: unknown): Epoch[] {
  return history.parse(records).map(({ epoch, learningRates, training, validation }) => ({
    epoch,
    learningRateBackbone: learningRates.backbone,
    learningRateHead: learningRates.head,
    trainingLoss: training.loss,
    trainingImages: training.images,
    trainingCleanCorrect: training.cleanCorrect,
    trainingAdversarialCorrect: training.adversarialCorrect,
    validationImages: validation?.images ?? null,
    validationCleanCorrect: validation?.cleanCorrect ?? null,
    validationAdversarialCorrect: validation?.adversarialCorrect ?? null,
    validationCleanLoss: validation?.cleanLoss ?? null,
    validationAdversarialLoss: validation?.adversarialLoss ?? null,
  }))
}
