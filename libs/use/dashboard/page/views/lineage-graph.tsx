import { duration } from '@gauntlet/analysis'
import { useLayoutEffect, useRef } from 'preact/hooks'
import type { Lineage, LineageNode } from '../model/lineage.ts'

const [boxWidth, boxHeight, columnGap, placeGap] = [168, 110, 41, 18]

function leftOf({ column }: Pick<LineageNode, 'column'>): number {
  return column * (boxWidth + columnGap)
}

function topOf({ place }: Pick<LineageNode, 'place'>): number {
  return place * (boxHeight + placeGap)
}

interface GraphProps {
  readonly lineage: Lineage
  readonly chosen: string | null
  readonly onChoose: (id: string) => void
}

/** The lineage from left to right: what came from outside, the stages, the number. */
export function LineageGraph({ lineage, chosen, onChoose }: GraphProps) {
  const [width, height] = [
    lineage.columns * (boxWidth + columnGap) - columnGap,
    lineage.places * (boxHeight + placeGap) - placeGap,
  ]
  const byId = new Map(lineage.nodes.map((node) => [node.id, node]))
  const frame = useRef<HTMLOListElement>(null)
  useLayoutEffect(() => {
    Object.assign(frame.current!.style, { width: `${width}px`, height: `${height}px` })
  })
  return (
    <div class="scroll lineage" tabIndex={0} role="region" aria-label="Lineage, from left to right">
      <ol ref={frame} class="lineage-frame">
        <li class="lineage-edges" aria-hidden="true">
          <svg width={width} height={height}>
            {lineage.edges.map(({ from, to, roles }) => {
              const [start, end] = [byId.get(from)!, byId.get(to)!]
              const [x1, y1] = [leftOf(start) + boxWidth, topOf(start) + boxHeight / 2]
              const [x2, y2] = [leftOf(end), topOf(end) + boxHeight / 2]
              // It passes other columns straight, in its own row, and bends in the gap before its end.
              const [bend, middle] = [x2 - columnGap, x2 - columnGap / 2]
              return (
                <path key={`${from} ${to}`} d={`M${x1},${y1} H${bend} C${middle},${y1} ${middle},${y2} ${x2},${y2}`}>
                  <title>{roles.join(', ')}</title>
                </path>
              )
            })}
          </svg>
        </li>
        {lineage.nodes.map((node) => (
          <Box key={node.id} node={node} isChosen={node.id === chosen} onChoose={onChoose} />
        ))}
      </ol>
    </div>
  )
}

interface BoxProps {
  readonly node: LineageNode
  readonly isChosen: boolean
  readonly onChoose: (id: string) => void
}

function Box({ node, isChosen, onChoose }: BoxProps) {
  const box = useRef<HTMLLIElement>(null)
  useLayoutEffect(() => {
    Object.assign(box.current!.style, { left: `${leftOf(node)}px`, top: `${topOf(node)}px` })
  })
  const { execution } = node
  return (
    <li ref={box} class={`lineage-box ${node.kind}`}>
      <button aria-pressed={isChosen} onClick={() => onChoose(node.id)}>
        <b>{node.title}</b>
        <span class="mono">{(execution?.stageKey ?? node.digest ?? '').slice(0, 12)}</span>
        {execution ? (
          <>
            <span>{attemptsSentence(execution.attempts)}</span>
            <span class="one-line">{deviceOf(execution.attempts)}</span>
          </>
        ) : (
          <span>{sourceSentence(node)}</span>
        )}
      </button>
    </li>
  )
}

function sourceSentence({ kind }: LineageNode): string {
  return kind === 'source' ? 'from outside' : 'counted from outcomes'
}

/** How often a stage was tried, and how long the attempt took that succeeded. */
function attemptsSentence(attempts: NonNullable<LineageNode['execution']>['attempts']): string {
  const fulfilled = attempts.find(({ outcome }) => outcome === 'fulfilled')
  const tries = attempts.length === 1 ? '1 attempt' : `${attempts.length} attempts`
  if (!fulfilled?.endedAt) return tries
  const seconds = (Date.parse(fulfilled.endedAt) - Date.parse(fulfilled.startedAt)) / 1_000
  return `${tries}, ${duration(seconds)}`
}

/** The device of the attempt that succeeded. */
function deviceOf(attempts: NonNullable<LineageNode['execution']>['attempts']): string {
  return attempts.find(({ outcome }) => outcome === 'fulfilled')?.device ?? ''
}
