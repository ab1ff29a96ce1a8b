import type { FactorName } from '@gauntlet/api/wire'
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { nearestPoint, pointsOf, seedGroups, type Point } from '../model/scatter.ts'
import { cellText, type Measure, type StudyModel } from '../model/study-model.ts'
import { counted, rankText } from '../model/table-text.ts'
import { Choice, Empty } from '../parts/small-parts.tsx'
import { theme } from '../state/kept-settings.ts'
import { chosenIn, linkTo, query, setQuery, toggled } from '../state/location.ts'
import { useSize } from '../state/use-size.ts'
import { measureName, measureOf, measureOptions } from './matrix.tsx'
import { distinctSigns, drawScatter, groupColours, placeOnScreen, shapeSign } from './scatter-drawing.ts'
import type { ViewProps } from './view-props.ts'

/** Two columns against each other, each configuration a point with its intervals. */
export function TradeOff({ study, model, revision }: ViewProps) {
  const parameters = query.value
  const x = measureOf(model, parameters.get('x'), 0)
  const y = measureOf(model, parameters.get('y'), Math.min(1, model.width - 1))
  const factors = model.factors.length > 0 ? model.factors : (['backbone'] as const)
  const factor = factors.find((name) => name === parameters.get('colour')) ?? defaultFactor(factors)
  const levels = model.grid.factors[factor]!
  const { points, refused, missing } = useMemo(() => pointsOf(model, x, y, factor), [model, revision, x, y, factor])
  const chosen = chosenIn(parameters, model.size)
  const toggle = (position: number) => setQuery({ configurations: toggled(chosen, position).join(',') || null })
  return (
    <>
      <div class="controls">
        <Choice
          label="Horizontal"
          value={measureName(model, x)}
          options={measureOptions(model)}
          onChoose={(value) => setQuery({ x: value })}
        />
        <Choice
          label="Vertical"
          value={measureName(model, y)}
          options={measureOptions(model)}
          onChoose={(value) => setQuery({ y: value })}
        />
        <Choice
          label="Colour and shape"
          value={factor}
          options={factors.map((name) => [name, name])}
          onChoose={(value) => setQuery({ colour: value })}
        />
      </div>
      {points.length === 0 ? (
        <Empty>
          <p>No configuration has both numbers yet. Choose other columns, or come back while the study runs.</p>
        </Empty>
      ) : (
        <Scatter {...{ model, points, x, y, chosen, toggle }} />
      )}
      <ul class="legend" aria-label="Colours and shapes">
        {levels.slice(0, distinctSigns).map((level, group) => (
          <li key={level}>
            <span class={`sign group-${group % groupColours}`}>{shapeSign(group)}</span> {level}
          </li>
        ))}
        {levels.length > distinctSigns && (
          <li>and {levels.length - distinctSigns} more, whose signs are these again in the same order</li>
        )}
      </ul>
      <p class="muted">
        {counted(points.length, 'configuration')}
        {missing > 0 && `, ${missing.toLocaleString()} without one of the numbers`}
        {refused > 0 && `, ${refused.toLocaleString()} left out because a number must not be ranked`}. Bars are 95 %
        intervals; lines join seeds of one configuration.
      </p>
      <Compared study={study} model={model} chosen={chosen} toggle={toggle} />
      <PointList model={model} points={points} x={x} y={y} chosen={chosen} toggle={toggle} />
    </>
  )
}

function defaultFactor(factors: readonly FactorName[]): FactorName {
  return factors.find((name) => name === 'loss') ?? factors[0]!
}

interface ScatterProps {
  readonly model: StudyModel
  readonly points: readonly Point[]
  readonly x: Measure
  readonly y: Measure
  readonly chosen: readonly number[]
  readonly toggle: (position: number) => void
}

function Scatter({ model, points, x, y, chosen, toggle }: ScatterProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const box = useRef<HTMLDivElement>(null)
  const size = useSize(box)
  const [pointed, setPointed] = useState<Point | null>(null)
  const joined = useMemo(() => seedGroups(model, points), [model, points])
  const most = { x: x === 'score' ? model.width : 1, y: y === 'score' ? model.width : 1 }
  const themeName = theme.value
  useLayoutEffect(() => {
    const ratio = window.devicePixelRatio || 1
    Object.assign(canvas.current!, { width: size.width * ratio, height: size.height * ratio })
    Object.assign(canvas.current!.style, { width: `${size.width}px`, height: `${size.height}px` })
    const context = canvas.current!.getContext('2d')!
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    const style = getComputedStyle(box.current!)
    const colour = (name: string) => style.getPropertyValue(`--${name}`).trim()
    drawScatter(context, {
      points,
      joined,
      most,
      size,
      chosen: new Set(chosen),
      pointed: pointed?.position ?? null,
      titles: { x: measureName(model, x), y: measureName(model, y) },
      colours: {
        ink: colour('ink'),
        muted: colour('muted'),
        line: colour('line'),
        groups: Array.from({ length: groupColours }, (_, i) => colour(`group-${i}`)),
      },
    })
  }, [points, joined, size, pointed, chosen.join(), themeName, x, y])
  const find = (event: MouseEvent) => {
    const { left, top } = box.current!.getBoundingClientRect()
    const place = { x: event.clientX - left, y: event.clientY - top }
    return nearestPoint(points, place, (point) => placeOnScreen({ size, most }, point))
  }
  const onClick = (event: MouseEvent) => {
    const point = find(event)
    if (point) toggle(point.position)
  }
  return (
    <>
      <div
        ref={box}
        class="scatter"
        role="img"
        aria-label={`${measureName(model, y)} against ${measureName(model, x)}, ${points.length} points; the list below has them all`}
        onMouseMove={(event) => setPointed(find(event))}
        onMouseLeave={() => setPointed(null)}
        onClick={onClick}
      >
        <canvas ref={canvas} aria-hidden="true" />
      </div>
      <p class="matrix-told">
        {pointed ? (
          <>
            <b>{model.label(pointed.position)}</b> {measureName(model, x)}{' '}
            {cellText(model.cell(pointed.position, x), x)}, {measureName(model, y)}{' '}
            {cellText(model.cell(pointed.position, y), y)}
          </>
        ) : (
          'Point at a configuration to read it; press it to compare it.'
        )}
      </p>
    </>
  )
}

interface ComparedProps {
  readonly study: string
  readonly model: StudyModel
  readonly chosen: readonly number[]
  readonly toggle: (position: number) => void
}

/** What was chosen, side by side. */
function Compared({ study, model, chosen, toggle }: ComparedProps) {
  if (chosen.length === 0) return null
  return (
    <section aria-labelledby="compared">
      <h2 id="compared">Compared</h2>
      <div class="scroll" tabIndex={0} role="region" aria-label="Table of what is compared">
        <table>
          <thead>
            <tr>
              <th scope="col">Configuration</th>
              {model.grid.perturbations.map(({ heading }) => (
                <th key={heading} scope="col" class="number">
                  {heading}
                </th>
              ))}
              <th scope="col" class="number">
                rank
              </th>
              <th scope="col">
                <span class="hidden">Remove</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {chosen.map((position) => (
              <tr key={position}>
                <th scope="row">{model.label(position)}</th>
                {model.grid.perturbations.map(({ heading }, p) => (
                  <td key={heading} class="number">
                    <a
                      href={linkTo(study, 'number', { cell: model.row(position, p) })}
                      title={model.sentence(position, p)}
                    >
                      {cellText(model.cell(position, p), p)}
                    </a>
                  </td>
                ))}
                <td class="number">{rankText(model, position)}</td>
                <td>
                  <button class="quiet" aria-label={`Remove ${model.label(position)}`} onClick={() => toggle(position)}>
                    ✕
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p>
        <a href={linkTo(study, 'curves', { configurations: chosen.join(',') })}>How these were trained</a>
      </p>
    </section>
  )
}

const listed = 100

/** The points as a list, so that they can be chosen without a mouse. */
function PointList({ model, points, x, y, chosen, toggle }: ScatterProps) {
  const [filter, setFilter] = useState('')
  const wanted = filter.trim().toLowerCase()
  const matching = points.filter(({ position }) => model.label(position).toLowerCase().includes(wanted))
  const shown = [...matching].sort((a, b) => b.y - a.y).slice(0, listed)
  return (
    <details>
      <summary>Points as a list</summary>
      <label class="choice">
        Filter
        <input type="search" value={filter} onInput={(event) => setFilter(event.currentTarget.value)} />
      </label>
      <p class="muted">
        {shown.length} of {matching.length.toLocaleString()}, the highest {measureName(model, y)} first.
      </p>
      <ul class="plain">
        {shown.map(({ position }) => (
          <li key={position}>
            <label>
              <input type="checkbox" checked={chosen.includes(position)} onChange={() => toggle(position)} />{' '}
              {model.label(position)}: {cellText(model.cell(position, x), x)}, {cellText(model.cell(position, y), y)}
            </label>
          </li>
        ))}
      </ul>
    </details>
  )
}
