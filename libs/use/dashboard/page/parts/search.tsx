import type { SearchHit } from '@gauntlet/api/wire'
import { useEffect, useRef, useState } from 'preact/hooks'
import { goTo, linkTo } from '../state/location.ts'
import { useAnswer } from '../state/use-answer.ts'

/** Where a hit leads. */
function linkOf({ kind, name, studyId, row }: SearchHit): string {
  const study = studyId.slice(0, 12)
  if (kind === 'study') return linkTo(study, 'matrix')
  if (kind === 'dataset' || kind === 'backbone') return linkTo(study, 'matrix', { filter: name })
  return linkTo(study, 'number', { cell: row ?? undefined })
}

/** Looks for names and digests in the whole ledger. The key `/` goes to it. */
export function Search() {
  const [text, setText] = useState('')
  const [wanted, setWanted] = useState('')
  const [chosen, setChosen] = useState(0)
  const [hasFocus, setFocus] = useState(false)
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => {
    const timer = window.setTimeout(() => setWanted(text.trim()), 150)
    return () => window.clearTimeout(timer)
  }, [text])
  useEffect(() => {
    const focus = (event: KeyboardEvent) => {
      const isTyping = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement
      if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey) return
      event.preventDefault()
      field.current?.focus()
    }
    window.addEventListener('keydown', focus)
    return () => window.removeEventListener('keydown', focus)
  }, [])
  const { answer: hits, error } = useAnswer<SearchHit[]>(
    wanted === '' ? null : `/api/search?q=${encodeURIComponent(wanted)}`,
  )
  const isAsking = hasFocus && text.trim() !== ''
  const shown = isAsking ? hits : null
  useEffect(() => document.getElementById(`hit-${chosen}`)?.scrollIntoView({ block: 'nearest' }), [chosen])
  const go = (hit: SearchHit | undefined) => {
    if (!hit) return
    setText('')
    goTo(linkOf(hit))
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const count = shown?.length ?? 0
    if (event.key === 'Escape') setText('')
    else if (event.key === 'Enter') go(wanted === text.trim() ? shown?.[chosen] : undefined)
    else if (event.key === 'ArrowDown' && count > 0) setChosen((before) => (before + 1) % count)
    else if (event.key === 'ArrowUp' && count > 0) setChosen((before) => (before + count - 1) % count)
    else return
    event.preventDefault()
  }
  return (
    <search class="search">
      <input
        ref={field}
        type="text"
        placeholder="Name, label or digest ( / )"
        aria-label="Search names, labels, notes and digests"
        role="combobox"
        aria-expanded={shown !== null && shown.length > 0}
        aria-autocomplete="list"
        aria-controls="hits"
        aria-activedescendant={shown && shown.length > 0 ? `hit-${chosen}` : undefined}
        maxLength={100}
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value)
          setChosen(0)
        }}
        onKeyDown={onKeyDown}
        onFocus={() => setFocus(true)}
        onBlur={() => setFocus(false)}
      />
      <div
        id="hits"
        class="hits"
        role="listbox"
        aria-label="What was found"
        hidden={!isAsking || (shown === null && error === null)}
        onMouseDown={(event) => event.preventDefault()} // The field keeps the focus, without which the list is shut.
      >
        {shown?.map((hit, i) => (
          <div
            key={`${hit.kind} ${hit.studyId} ${hit.name} ${hit.row}`}
            id={`hit-${i}`}
            role="option"
            aria-selected={i === chosen}
            onClick={() => go(hit)}
          >
            <b>{hit.kind}</b> {hit.name.length === 64 ? hit.name.slice(0, 12) : hit.name}
            <span class="muted"> in {hit.studyName}</span>
          </div>
        ))}
        {shown?.length === 0 && (
          <div role="option" aria-selected={false} aria-disabled>
            Nothing has “{wanted}” in its name, labels or notes, and no digest begins with it.
          </div>
        )}
        {error !== null && (
          <div role="option" aria-selected={false} aria-disabled>
            {error}
          </div>
        )}
      </div>
    </search>
  )
}
