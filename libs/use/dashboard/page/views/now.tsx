import { duration } from '@gauntlet/analysis'
import type { FailureGroup, StudyNow } from '@gauntlet/api/wire'
import { useEffect, useState } from 'preact/hooks'
import { Failure, Time, Waiting } from '../parts/small-parts.tsx'
import { linkTo } from '../state/location.ts'
import { postJson, studyPath } from '../state/requests.ts'
import { markRunning } from '../state/study-store.ts'
import { useAnswer } from '../state/use-answer.ts'
import type { ViewProps } from './view-props.ts'

/** What the study does now: how far it is, on which devices, what it cost, and what failed and why. */
export function Now({ study, revision }: ViewProps) {
  const [asked, setAsked] = useState(0)
  const { answer: now, error } = useAnswer<StudyNow>(studyPath(study, 'now'), {
    revision: revision + asked,
    everyMilliseconds: 3_000,
  })
  useEffect(() => void (now && markRunning(now.running)), [now?.running.join()])
  if (!now)
    return error ? (
      <Failure sentence={error} onRetry={() => setAsked(asked + 1)} />
    ) : (
      <Waiting what="the study's state" />
    )
  return (
    <>
      <Progress now={now} />
      <Actions study={study} now={now} onDone={() => setAsked(asked + 1)} />
      <Stages stages={now.stages} />
      <Failures study={study} failures={now.failures} />
      <Spent spent={now.spent} />
    </>
  )
}

function Progress({ now }: { readonly now: StudyNow }) {
  const { total, measured, diverged, failed, pending } = now.cells
  const facts: readonly (readonly [string, string])[] = [
    ['measured', `${measured.toLocaleString()} of ${total.toLocaleString()} cells`],
    ['diverged', diverged.toLocaleString()],
    ['failed', failed.toLocaleString()],
    ['not run yet', pending.toLocaleString()],
    ['configurations in work', now.running.length.toLocaleString()],
    ['configurations waiting', now.waiting === null ? '–' : now.waiting.toLocaleString()],
    ['time left', now.secondsLeft === null ? '–' : `about ${duration(now.secondsLeft)}`],
  ]
  return (
    <section aria-labelledby="progress">
      <h2 id="progress">Progress</h2>
      <p>{now.sentence}</p>
      <progress class="broad" max={total} value={measured + diverged} aria-label="cells with a result" />
      <dl class="facts">
        {facts.map(([what, value]) => (
          <div key={what}>
            <dt>{what}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p>
        <b>Left to pay:</b> {now.priceSentence}
      </p>
    </section>
  )
}

function Actions({
  study,
  now,
  onDone,
}: {
  readonly study: string
  readonly now: StudyNow
  readonly onDone: () => void
}) {
  const [told, setTold] = useState('')
  const [isBusy, setBusy] = useState(false)
  const act = async (name: string) => {
    setBusy(true)
    const answer = postJson<{ sentence: string }>(studyPath(study, `actions/${name}`))
    setTold(
      await answer.then(
        ({ sentence }) => sentence,
        (error: Error) => error.message,
      ),
    )
    setBusy(false)
    onDone()
  }
  return (
    <section aria-labelledby="actions">
      <h2 id="actions">What can be done</h2>
      {now.actions.length === 0 && <p>Nothing from here: this server is read-only. Use the command line.</p>}
      <p class="buttons">
        {now.actions.map(({ name, sentence }) => (
          <button key={name} disabled={isBusy} title={sentence} onClick={() => void act(name)}>
            {name.charAt(0).toUpperCase() + name.slice(1)}
          </button>
        ))}
        <span class="muted">{now.actions.map(({ sentence }) => sentence).join(' ')}</span>
      </p>
      <p role="status">{told}</p>
    </section>
  )
}

function Stages({ stages }: { readonly stages: StudyNow['stages'] }) {
  return (
    <section aria-labelledby="devices">
      <h2 id="devices">Devices</h2>
      {stages.length === 0 ? (
        <p>No stage is in work.</p>
      ) : (
        <div class="scroll" tabIndex={0} role="region" aria-label="Table of devices">
          <table>
            <thead>
              <tr>
                <th scope="col">Device</th>
                <th scope="col">Worker</th>
                <th scope="col">Stage</th>
                <th scope="col" class="number">
                  Done
                </th>
                <th scope="col" class="number">
                  Images/s
                </th>
                <th scope="col">Since</th>
              </tr>
            </thead>
            <tbody>
              {stages.map((stage) => (
                <tr key={`${stage.worker} ${stage.stageKey}`}>
                  <th scope="row">{stage.device}</th>
                  <td>{stage.worker}</td>
                  <td>{stage.stage}</td>
                  <td class="number">
                    {stage.total === 0
                      ? 'begins'
                      : `${stage.done.toLocaleString()} of ${stage.total.toLocaleString()} ${stage.unit}`}
                  </td>
                  <td class="number">{stage.imagesPerSecond === null ? '–' : Math.round(stage.imagesPerSecond)}</td>
                  <td>
                    <Time at={stage.startedAt} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

function Failures({ study, failures }: { readonly study: string; readonly failures: readonly FailureGroup[] }) {
  return (
    <section aria-labelledby="failures">
      <h2 id="failures">Failures</h2>
      {failures.length === 0 && <p>No cell has failed.</p>}
      <ul class="cards">
        {failures.map((group) => (
          <li key={`${group.failureClass} ${group.stage} ${group.backbone} ${group.message}`} class="card">
            <p>
              <b>
                {group.cells} {group.cells === 1 ? 'cell' : 'cells'}: {group.failureClass} in {group.stage}
              </b>{' '}
              of {group.backbone}
            </p>
            <p class="message">{group.message}</p>
            <p>
              Rows{' '}
              {group.rows.map((row) => (
                <span key={row}>
                  <a href={linkTo(study, 'matrix', { cell: row })}>{row}</a>{' '}
                </span>
              ))}
              {group.cells > group.rows.length && ' …'}{' '}
              {group.lastAt && (
                <span class="muted">
                  last at <Time at={group.lastAt} />
                </span>
              )}
            </p>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Spent({ spent }: { readonly spent: StudyNow['spent'] }) {
  if (spent.length === 0) return null
  return (
    <section aria-labelledby="spent">
      <h2 id="spent">Spent so far</h2>
      <p class="muted">
        By the configurations of this study, also for other studies; what studies share is not counted.
      </p>
      <div class="scroll" tabIndex={0} role="region" aria-label="Table of what was spent">
        <table>
          <thead>
            <tr>
              <th scope="col">Stage</th>
              <th scope="col">Outcome</th>
              <th scope="col" class="number">
                Attempts
              </th>
              <th scope="col" class="number">
                Device time
              </th>
            </tr>
          </thead>
          <tbody>
            {spent.map(({ stage, outcome, attempts, seconds }) => (
              <tr key={`${stage} ${outcome}`}>
                <th scope="row">{stage}</th>
                <td>{outcome}</td>
                <td class="number">{attempts.toLocaleString()}</td>
                <td class="number">{duration(seconds)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}
