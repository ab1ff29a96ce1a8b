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

interface CopyProps {
  readonly text: () => string
  readonly children: ComponentChildren
  readonly class?: string
  readonly title?: string
}

/** Copies a text, and says whether it did. */
export function Copy({ text, children, ...attributes }: CopyProps) {
  const [told, setTold] = useState('')
  const copy = async () => {
    setTold(
      await copyText(text()).then(
        () => 'Copied',
        () => 'Not copied',
      ),
    )
    window.setTimeout(() => setTold(''), 1_500)
  }
  return (
    <button class="quiet" {...attributes} onClick={() => void copy()}>
      {told || children}
    </button>
  )
}

/** Browsers have no clipboard for a page from another machine without TLS; a text that is selected can be copied. */
async function copyText(text: string): Promise<void> {
  if (window.isSecureContext) return navigator.clipboard.writeText(text)
  const field = document.createElement('textarea')
  field.value = text
  document.body.append(field)
  field.select()
  const isDone = document.execCommand('copy')
  field.remove()
  if (!isDone) throw new Error('The browser does not copy.')
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
    <Copy class="digest" title={`${digest}: copy`} text={() => digest}>
      {digest.slice(0, 12)}
    </Copy>
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
