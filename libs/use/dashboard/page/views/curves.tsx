import type { Curves as Answered, Epoch } from '@gauntlet/api/wire'
import { useState } from 'preact/hooks'
import { Choice, Empty, Failure, Waiting } from '../parts/small-parts.tsx'
import { chosenIn, query, setQuery, toggled } from '../state/location.ts'
import { studyPath } from '../state/requests.ts'
import { useAnswer } from '../state/use-answer.ts'
import { LineChart } from '../parts/line-chart.tsx'
import type { StudyModel } from '../model/study-model.ts'
import type { ViewProps } from './view-props.ts'

const share = (correct: number | null, total: number | null) => (correct === null || !total ? null : correct / total)

/** What can be shown of a training, by the name in the address. */
const quantities = {
  robust: ['validation, robust accuracy', (e) => share(e.validationAdversarialCorrect, e.validationImages)],
  clean: ['validation, clean accuracy', (e) => share(e.validationCleanCorrect, e.validationImages)],
  'robust-loss': ['validation, adversarial loss', (e) => e.validationAdversarialLoss],
  'clean-loss': ['validation, clean loss', (e) => e.validationCleanLoss],
  'training-loss': ['training loss', (e) => e.trainingLoss],
  'training-robust': ['training, adversarial accuracy', (e) => share(e.trainingAdversarialCorrect, e.trainingImages)],
  'training-clean': ['training, clean accuracy', (e) => share(e.trainingCleanCorrect, e.trainingImages)],
  'rate-backbone': ['learning rate of the backbone', (e) => e.learningRateBackbone],
  'rate-head': ['learning rate of the head', (e) => e.learningRateHead],
} as const satisfies Record<string, readonly [string, (epoch: Epoch) => number | null]>
type Quantity = keyof typeof quantities

/** Trainings shown at once, where the address names none. */
const first = 8
const most = 60

/** How models were trained, many laid over each other. */
export function Curves({ study, model, revision }: ViewProps) {
  const parameters = query.value
  const asked = parameters.get('show') ?? 'robust'
  const quantity: Quantity = Object.hasOwn(quantities, asked) ? (asked as Quantity) : 'robust'
  const chosen = chosenPositions(parameters, model)
  const path = studyPath(study, `curves?configurations=${chosen.join(',')}`)
  // A training that goes on writes states and no rows, so nothing tells of them.
  const { answer, error } = useAnswer<Answered>(chosen.length > 0 ? path : null, { revision, everyMilliseconds: 5_000 })
  return (
    <>
      <div class="controls">
        <Choice
          label="Show"
          value={quantity}
          options={Object.entries(quantities).map(([name, [title]]) => [name as Quantity, title])}
          onChoose={(value) => setQuery({ show: value })}
        />
      </div>
      {error && <Failure sentence={error} />}
      {chosen.length > 0 && !answer && !error && <Waiting what="the trainings" />}
      {answer && <Chart answer={answer} model={model} quantity={quantity} />}
      <Picker model={model} chosen={chosen} />
    </>
  )
}

/** The configurations in the address; the first ones where it names none. */
function chosenPositions(parameters: URLSearchParams, model: StudyModel): number[] {
  if (parameters.has('configurations')) return chosenIn(parameters, model.size).slice(0, most)
  return Array.from({ length: Math.min(first, model.size) }, (_, i) => i)
}

function Chart({
  answer,
  model,
  quantity,
}: {
  readonly answer: Answered
  readonly model: StudyModel
  readonly quantity: Quantity
}) {
  const [title, valueOf] = quantities[quantity]
  const known = answer.curves.filter(({ epochs }) => epochs !== null)
  const reasons = answer.curves.flatMap(({ position, reason }) =>
    reason ? [`${model.label(position)}: ${reason}`] : [],
  )
  const series = known.map(({ position, epochs, hasEnded }) => ({
    name: model.label(position) + (hasEnded ? '' : ' (in training)'),
    points: epochs!.flatMap((epoch) => {
      const value = valueOf(epoch)
      return value === null ? [] : [{ x: epoch.epoch, y: value }]
    }),
  }))
  return (
    <>
      {series.every(({ points }) => points.length === 0) ? (
        <Empty>
          <p>
            {known.length === 0
              ? 'None of these trainings has ended or saved a state in its midst; its epochs are read from these.'
              : `None of these trainings has recorded its ${title}.`}
          </p>
        </Empty>
      ) : (
        <LineChart title={title} horizontal="epoch" isShare={title.includes('accuracy')} series={series} />
      )}
      {reasons.length > 0 && (
        <details>
          <summary>Without a curve: {reasons.length}</summary>
          <ul>
            {reasons.map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        </details>
      )}
    </>
  )
}

/** Chooses the configurations. */
function Picker({ model, chosen }: { readonly model: StudyModel; readonly chosen: readonly number[] }) {
  const [filter, setFilter] = useState('')
  const wanted = filter.trim().toLowerCase()
  const matching: number[] = []
  for (let position = 0; position < model.size && matching.length < 200; position++)
    if (model.label(position).toLowerCase().includes(wanted)) matching.push(position)
  const choose = (positions: readonly number[]) =>
    setQuery({ configurations: positions.length > 0 ? positions.slice(0, most).join(',') : 'none' })
  return (
    <fieldset class="picker">
      <legend>
        {chosen.length} of {model.size.toLocaleString()} configurations, at most {most}
      </legend>
      <label class="choice">
        Filter
        <input type="search" value={filter} onInput={(event) => setFilter(event.currentTarget.value)} />
      </label>
      <button onClick={() => choose([...new Set([...chosen, ...matching])])}>Choose these</button>{' '}
      <button onClick={() => choose([])}>Choose none</button>
      <ul class="picker-list" tabIndex={0} aria-label="Configurations">
        {matching.map((position) => (
          <li key={position}>
            <label>
              <input
                type="checkbox"
                checked={chosen.includes(position)}
                onChange={() => choose(toggled(chosen, position))}
              />{' '}
              {model.label(position)}
            </label>
          </li>
        ))}
      </ul>
    </fieldset>
  )
}
