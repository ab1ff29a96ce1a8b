import { useState } from 'preact/hooks'
import { ticksOf } from '../model/ticks.ts'

/** A line with its name. */
interface Series {
  readonly name: string
  readonly points: readonly { readonly x: number; readonly y: number }[]
}

interface ChartProps {
  readonly title: string
  readonly horizontal: string
  /** Whether the values are shares, shown in percent from 0 to 100. */
  readonly isShare: boolean
  readonly series: readonly Series[]
}

const [width, height, left, bottom, top, right] = [820, 380, 56, 40, 12, 12]
const colours = 8
/** Lines of one colour differ by their dashes. */
const dashes = ['', '6 3', '2 3', '8 3 2 3']

/** Lines over a common axis. Each has a colour and a dash of its own, and is named when it is pointed at or focused. */
export function LineChart({ title, horizontal, isShare, series }: ChartProps) {
  const [pointed, setPointed] = useState<number | null>(null)
  const all = series.flatMap(({ points }) => points)
  const [xs, ys] = [all.map(({ x }) => x), all.map(({ y }) => y)]
  const [xMin, xMax] = [Math.min(...xs), Math.max(...xs, Math.min(...xs) + 1)]
  const [yMin, yMax] = isShare ? [0, 1] : [Math.min(0, ...ys), Math.max(...ys) || 1]
  const toX = (x: number) => left + ((x - xMin) / (xMax - xMin)) * (width - left - right)
  const toY = (y: number) => height - bottom - ((y - yMin) / (yMax - yMin)) * (height - bottom - top)
  const text = (y: number) => (isShare ? `${Math.round(100 * y)} %` : String(Number(y.toPrecision(3))))
  return (
    <figure class="chart">
      <div class="scroll" tabIndex={0} role="region" aria-label={`Lines of ${title}`}>
        <svg
          viewBox={`0 0 ${width} ${height}`}
          role="img"
          aria-label={`${title} by ${horizontal}, ${series.length} lines; the table below has the last values`}
        >
          {ticksOf(yMin, yMax, 5).map((y) => (
            <g key={y}>
              <line class="rule" x1={left} x2={width - right} y1={toY(y)} y2={toY(y)} />
              <text x={left - 8} y={toY(y)} class="tick end">
                {text(y)}
              </text>
            </g>
          ))}
          {ticksOf(xMin, xMax, 8)
            .filter(Number.isInteger)
            .map((x) => (
              <text key={x} x={toX(x)} y={height - bottom + 18} class="tick middle">
                {x}
              </text>
            ))}
          <text x={(left + width) / 2} y={height - 4} class="tick middle">
            {horizontal}
          </text>
          {series.map(({ name, points }, i) => (
            <g key={name} class={`series colour-${i % colours} ${pointed === null || pointed === i ? '' : 'faded'}`}>
              <polyline
                points={points.map(({ x, y }) => `${toX(x)},${toY(y)}`).join(' ')}
                stroke-dasharray={dashes[Math.floor(i / colours) % dashes.length]}
                onMouseEnter={() => setPointed(i)}
                onMouseLeave={() => setPointed(null)}
              >
                <title>{name}</title>
              </polyline>
              {points.length === 1 && <circle cx={toX(points[0]!.x)} cy={toY(points[0]!.y)} r={4} />}
            </g>
          ))}
        </svg>
      </div>
      <div class="scroll" tabIndex={0} role="region" aria-label={`Table of ${title}`}>
        <table>
          <thead>
            <tr>
              <th scope="col">Line</th>
              <th scope="col">Configuration</th>
              <th scope="col" class="number">
                Last {title}
              </th>
              <th scope="col" class="number">
                Highest
              </th>
            </tr>
          </thead>
          <tbody>
            {series.map(({ name, points }, i) => (
              <tr
                key={name}
                class={pointed === i ? 'pointed' : ''}
                onMouseEnter={() => setPointed(i)}
                onMouseLeave={() => setPointed(null)}
              >
                <td>
                  <svg class={`series key colour-${i % colours}`} width="32" height="8" aria-hidden="true">
                    <line
                      x1="0"
                      x2="32"
                      y1="4"
                      y2="4"
                      stroke-dasharray={dashes[Math.floor(i / colours) % dashes.length]}
                    />
                  </svg>
                </td>
                <th scope="row">{name}</th>
                <td class="number">{points.length > 0 ? valueText(points.at(-1)!.y, isShare) : '–'}</td>
                <td class="number">
                  {points.length > 0 ? valueText(Math.max(...points.map(({ y }) => y)), isShare) : '–'}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  )
}

function valueText(value: number, isShare: boolean): string {
  return isShare ? `${(100 * value).toFixed(1)} %` : value.toPrecision(4)
}
