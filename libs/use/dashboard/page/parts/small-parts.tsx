import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'

/** What a view shows where it has nothing else: what is the matter and what to do. */
export function Empty({ children }: { readonly children: ComponentChildren }) {
  return <div class="empty">{children}</div>
}

/** What could not be read, as the server said it. */
export function Failure({ sentence, onRetry }: { readonly sentence: string; readonly onRetry?: () => void }) {
  return (
    <div class="failure" role="alert">
      <p>{sentence}</p>
      {onRetry && <button onClick={onRetry}>Try again</button>}
    </div>
  )
}

/** Something is on its way. Its place is that of what comes, so that nothing jumps. */
export function Waiting({ what }: { readonly what: string }) {
  return (
    <p class="waiting" role="status">
      Reading {what} …
    </p>
  )
}

/** Copies a text, and says that it did. */
export function Copy({ text, children }: { readonly text: () => string; readonly children: ComponentChildren }) {
  const [isDone, setDone] = useState(false)
  const copy = async () => {
    await navigator.clipboard.writeText(text())
    setDone(true)
    window.setTimeout(() => setDone(false), 1_500)
  }
  return (
    <button class="quiet" onClick={() => void copy()}>
      {isDone ? 'Copied' : children}
    </button>
  )
}

/** A time in the zone of the reader. */
export function Time({ at }: { readonly at: string }) {
  const date = new Date(at)
  return (
    <time dateTime={at} title={at}>
      {date.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' })}
    </time>
  )
}

/** A digest, short; the whole is in its tooltip and is what is copied. */
export function DigestText({ digest }: { readonly digest: string }) {
  return (
    <button
      class="digest"
      title={`${digest}: copy`}
      aria-label={`digest ${digest.slice(0, 12)}, copy`}
      onClick={() => void navigator.clipboard.writeText(digest)}
    >
      {digest.slice(0, 12)}
    </button>
  )
}

/** A choice of one of several. */
export function Choice<Value extends string>(props: {
  readonly label: string
  readonly value: Value
  readonly options: readonly (readonly [value: Value, text: string])[]
  readonly onChoose: (value: Value) => void
}) {
  return (
    <label class="choice">
      {props.label}
      <select value={props.value} onChange={(event) => props.onChoose(event.currentTarget.value as Value)}>
        {props.options.map(([value, text]) => (
          <option key={value} value={value} selected={value === props.value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  )
}
