import type { Cell, Check, Trace, TracedExecution } from '@gauntlet/api/wire'
import { useMemo, useState } from 'preact/hooks'
import { lineageOf, type LineageNode } from '../model/lineage.ts'
import { cellText, type StudyModel } from '../model/study-model.ts'
import { Commands } from '../parts/commands.tsx'
import { DigestText, Empty, Failure, Time, Waiting } from '../parts/small-parts.tsx'
import { linkTo, query, setQuery } from '../state/location.ts'
import { getJson, studyPath } from '../state/requests.ts'
import { useAnswer } from '../state/use-answer.ts'
import { LineageGraph } from './lineage-graph.tsx'
import { NoCell } from './no-cell.tsx'
import type { ViewProps } from './view-props.ts'

/** Where one number comes from. */
export function OneNumber({ study, model, revision }: ViewProps) {
  const named = query.value.get('cell')
  const row = model.rowNamed(named)
  const { answer: cell, error } = useAnswer<Cell>(row === null ? null : studyPath(study, `cells/${row}`), { revision })
  if (row === null) return <NoCell study={study} model={model} named={named} />
  if (!cell) return error ? <Failure sentence={error} /> : <Waiting what="the number" />
  return (
    <>
      <Neighbours study={study} model={model} row={row} />
      <NumberHead study={study} cell={cell} model={model} />
      {cell.measurement ? (
        <NumberTrace key={cell.measurement.id} study={study} measurement={cell.measurement.id} />
      ) : (
        <Empty>
          <p>{cell.reason}</p>
        </Empty>
      )}
    </>
  )
}

/** The other numbers of the same configuration. */
function Neighbours({
  study,
  model,
  row,
}: {
  readonly study: string
  readonly model: StudyModel
  readonly row: number
}) {
  const { position } = model.placeOf(row)
  return (
    <ul class="chips" aria-label="Perturbations of this configuration">
      {model.grid.perturbations.map(({ heading }, p) => {
        const own = model.row(position, p)
        return (
          <li key={own}>
            <a href={linkTo(study, 'number', { cell: own })} aria-current={own === row ? 'true' : undefined}>
              {heading} <b>{cellText(model.cell(position, p), p)}</b>
            </a>
          </li>
        )
      })}
    </ul>
  )
}

function NumberHead({
  study,
  cell,
  model,
}: {
  readonly study: string
  readonly cell: Cell
  readonly model: StudyModel
}) {
  const { position, perturbation } = model.placeOf(cell.row)
  return (
    <section aria-label="The number">
      <h2>{cell.configuration}</h2>
      <p>
        {cell.perturbation} · {model.sentence(position, perturbation)}
      </p>
      {cell.measurement && (
        <p>
          {cell.measurement.hasPictures && (
            <>
              <a href={linkTo(study, 'pictures', { cell: cell.row })}>Pictures that felled the model</a> ·{' '}
            </>
          )}
          <a href={studyPath(study, `measurements/${cell.measurement.id}/outcomes`)} download>
            Outcomes of all images (Arrow)
          </a>{' '}
          · <a href={linkTo(study, 'curves', { configurations: position })}>Training</a>
        </p>
      )}
      <Commands commands={cell.commands} />
    </section>
  )
}

function NumberTrace({ study, measurement }: { readonly study: string; readonly measurement: string }) {
  const { answer: trace, error } = useAnswer<Trace>(studyPath(study, `measurements/${measurement}/trace`))
  const lineage = useMemo(() => trace && lineageOf(trace), [trace])
  if (!trace || !lineage) return error ? <Failure sentence={error} /> : <Waiting what="the lineage" />
  const wanted = query.value.get('node')
  const chosen =
    lineage.nodes.find(({ id }) => id.startsWith(wanted ?? ' ')) ??
    lineage.nodes.find(({ execution }) => execution?.stageKey === trace.measurement.stageKey)!
  return (
    <>
      <section aria-labelledby="lineage">
        <h2 id="lineage">Lineage</h2>
        <LineageGraph lineage={lineage} chosen={chosen.id} onChoose={(id) => setQuery({ node: id.slice(0, 12) })} />
        <NodeDetails node={chosen} />
      </section>
      <CheckBytes study={study} measurement={measurement} />
    </>
  )
}

function NodeDetails({ node }: { readonly node: LineageNode }) {
  if (!node.execution)
    return (
      <p>
        {node.kind === 'source' ? `${node.title} came from outside:` : 'Counted from the outcomes'}{' '}
        <DigestText digest={node.digest!} />
      </p>
    )
  return <ExecutionDetails execution={node.execution} />
}

function ExecutionDetails({ execution }: { readonly execution: TracedExecution }) {
  const artifacts = (byRole: TracedExecution['used']) =>
    Object.entries(byRole).map(([role, { digest, size }]) => (
      <li key={role}>
        {role} <DigestText digest={digest} /> <span class="muted">{size.toLocaleString()} bytes</span>
      </li>
    ))
  return (
    <div class="details">
      <h3>{execution.stage}</h3>
      <dl class="facts">
        <div>
          <dt>key</dt>
          <dd>
            <DigestText digest={execution.stageKey} />
          </dd>
        </div>
        <div>
          <dt>code</dt>
          <dd>
            <DigestText digest={execution.codeDigest} />
          </dd>
        </div>
        <div>
          <dt>environment</dt>
          <dd>
            <DigestText digest={execution.environmentClass} />
          </dd>
        </div>
        <div>
          <dt>seed</dt>
          <dd>{execution.seed}</dd>
        </div>
      </dl>
      <div class="halves">
        <div>
          <h4>Used</h4>
          <ul>{artifacts(execution.used)}</ul>
        </div>
        <div>
          <h4>Generated</h4>
          <ul>{artifacts(execution.generated)}</ul>
        </div>
      </div>
      <h4>Attempts</h4>
      <ul>
        {execution.attempts.map(({ number, outcome, worker, device, startedAt, failureClass, message }) => (
          <li key={`${number} ${startedAt}`}>
            {number}: {outcome}
            {failureClass && ` (${failureClass}: ${message ?? ''})`} on {worker}
            {device && `, ${device}`}, <Time at={startedAt} />
          </li>
        ))}
      </ul>
      <details>
        <summary>Parameters and environment</summary>
        <pre>{JSON.stringify({ parameters: execution.parameters, environment: execution.environment }, null, 2)}</pre>
      </details>
    </div>
  )
}

function CheckBytes({ study, measurement }: { readonly study: string; readonly measurement: string }) {
  const [state, setState] = useState<Check | 'busy' | Error | null>(null)
  const run = () => {
    setState('busy')
    getJson<Check>(studyPath(study, `measurements/${measurement}/check`)).then(setState, setState)
  }
  const result = state === null || state === 'busy' || state instanceof Error ? null : state
  return (
    <section aria-labelledby="check">
      <h2 id="check">Are these bytes still those?</h2>
      <p>
        <button disabled={state === 'busy'} onClick={run}>
          {state === 'busy' ? 'Checking …' : 'Check the bytes and count again'}
        </button>
      </p>
      <div role="status">
        {state instanceof Error && <p>{state.message}</p>}
        {result && (
          <>
            <p>
              <b>{result.holds ? '✓ Holds.' : '✕ Does not hold.'}</b> {result.verdict}
            </p>
            <ul>
              {result.artifacts.map(({ role, digest, state: bytes }) => (
                <li key={`${role} ${digest}`}>
                  {bytes === 'intact' ? '✓' : '✕'} {role} <DigestText digest={digest} /> {bytes}
                </li>
              ))}
            </ul>
          </>
        )}
      </div>
    </section>
  )
}
