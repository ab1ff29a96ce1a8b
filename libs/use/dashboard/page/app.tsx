import type { ServerFacts } from '@gauntlet/api/wire'
import { useEffect, useRef } from 'preact/hooks'
import { Empty, Failure, Time, Waiting } from './parts/small-parts.tsx'
import { Search } from './parts/search.tsx'
import { isConnected } from './state/changes.ts'
import { nextTheme, theme } from './state/kept-settings.ts'
import { followLinks, linkTo, place, query, viewNames, type ViewName } from './state/location.ts'
import { shownStudy, showStudy, tryAgain } from './state/study-store.ts'
import { useAnswer } from './state/use-answer.ts'
import { Curves } from './views/curves.tsx'
import { Matrix } from './views/matrix.tsx'
import { NewerStudy } from './views/newer-study.tsx'
import { Now } from './views/now.tsx'
import { OneNumber } from './views/one-number.tsx'
import { Pictures } from './views/pictures.tsx'
import { Report } from './views/report.tsx'
import { Start } from './views/start.tsx'
import { TradeOff } from './views/trade-off.tsx'
import type { ViewProps } from './views/view-props.ts'

const views: Readonly<Record<ViewName, readonly [title: string, view: (props: ViewProps) => preact.VNode | null]>> = {
  matrix: ['Matrix', Matrix],
  now: ['Now', Now],
  'trade-off': ['Trade-off', TradeOff],
  number: ['One number', OneNumber],
  pictures: ['Pictures', Pictures],
  curves: ['Curves', Curves],
  report: ['Report', Report],
}

/** The page. */
export function App() {
  const at = place.value
  useFocusOnHeading(at && `${at.study}/${at.view}`)
  return (
    <div onClick={followLinks} class="page">
      <a class="skip" href="#content">
        Skip to the content
      </a>
      <header>
        <a class="home" href="/">
          Gauntlet
        </a>
        <Search />
        <button class="quiet" onClick={nextTheme} aria-label={`Colours: ${theme.value}; change`}>
          {{ system: '◐', light: '☀', dark: '☾' }[theme.value]} <span class="theme-name">{theme.value}</span>
        </button>
      </header>
      {!isConnected.value && (
        <p class="offline" role="status">
          The server does not answer; the page goes on by itself once it does. If it was ended, start it again with{' '}
          <code>npx gauntlet dashboard</code>.
        </p>
      )}
      {at ? <StudyPage named={at.study} view={at.view} /> : <StartPage />}
    </div>
  )
}

/** Leads whoever reads by keyboard or screen reader to the heading of the view that they went to. */
function useFocusOnHeading(view: string | null): void {
  const before = useRef(view)
  useEffect(() => {
    if (before.current !== view) document.querySelector('h1')!.focus({ preventScroll: true })
    before.current = view
  }, [view])
}

function StartPage() {
  useEffect(() => void (document.title = 'Gauntlet'), [])
  const { answer: facts } = useAnswer<ServerFacts>('/api/server')
  return (
    <main id="content" tabIndex={-1}>
      <h1 tabIndex={-1}>Studies</h1>
      <Start />
      <p class="muted footing">
        {facts ? `Ledger: ${facts.ledger}${facts.readOnly ? ', read-only' : ''}. ` : ''}
        <a href="/api/openapi.json" target="_blank" rel="noreferrer">
          The API for programs
        </a>
      </p>
    </main>
  )
}

function StudyPage({ named, view }: { readonly named: string; readonly view: string }) {
  useEffect(() => showStudy(named), [named])
  const [title, View] = Object.hasOwn(views, view) ? views[view as ViewName] : (['No such view', NoView] as const)
  const shown = shownStudy.value
  const model = shown?.named === named ? shown.model : null
  // In a narrow window the tabs scroll.
  useEffect(() => document.querySelector('.tabs [aria-current]')?.scrollIntoView({ block: 'nearest' }), [view])
  useEffect(() => void (document.title = `${title} · ${model?.grid.name ?? named} · Gauntlet`), [title, named, model])
  return (
    <>
      <nav class="tabs" aria-label="Views of the study">
        <ul>
          {viewNames.map((name) => (
            <li key={name}>
              <a href={linkTo(named, name, kept(name))} aria-current={name === view ? 'page' : undefined}>
                {views[name][0]}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <main id="content" tabIndex={-1}>
        <h1 key={`${named}/${view}`} tabIndex={-1}>
          <span class="study-name">{model?.grid.name ?? named}</span> <span class="view-name">{title}</span>{' '}
          {model && model.unread > 0 && (
            <span class="reading" role="status">
              · reading, {Math.floor(100 * (1 - model.unread / model.size))} %
            </span>
          )}
        </h1>
        {model && <NewerStudy model={model} />}
        {shown?.error && (
          <>
            <Failure sentence={shown.error} onRetry={tryAgain} />
            <p>
              <a href="/">All studies</a>
            </p>
          </>
        )}
        {model?.size === 0 ? (
          <Empty>
            <p>This study has no configurations of its own, so there is nothing to draw; see npx gauntlet results.</p>
          </Empty>
        ) : model && shown ? (
          <View study={named} model={model} revision={shown.revision} />
        ) : (
          !shown?.error && <Waiting what="the table of the study" />
        )}
        {model && (
          <p class="muted footing">
            Numbers of environment {model.pool.environmentClass.slice(0, 12)}
            {model.pool.environment && ` (${model.pool.environment})`}
            {model.pool.describedAt && (
              <>
                , as the pool described itself at <Time at={model.pool.describedAt} />
              </>
            )}
            .
          </p>
        )}
      </main>
    </>
  )
}

function NoView({ study }: ViewProps) {
  return (
    <Empty>
      <p>A study has no view “{place.value?.view}”.</p>
      <p>
        Choose one above, such as the <a href={linkTo(study, 'matrix')}>matrix</a>.
      </p>
    </Empty>
  )
}

/** The parameters that go along from view to view: the cell, and what was chosen for comparison. */
function kept(view: ViewName): Record<string, string | undefined> {
  const cell = query.value.get('cell') ?? undefined
  const chosen = query.value.get('configurations') ?? undefined
  return view === 'now' || view === 'report' ? {} : { cell, configurations: chosen }
}
