import { computed, signal } from '@preact/signals'

/** The views of a study, in the order of their tabs. */
export const viewNames = ['matrix', 'now', 'trade-off', 'number', 'pictures', 'curves', 'report'] as const
export type ViewName = (typeof viewNames)[number]

const address = signal(read())

function read() {
  return { path: window.location.pathname, search: window.location.search }
}

window.addEventListener('popstate', () => void (address.value = read()))

/**
 * Where the page is: the start, or a view of a study, which may be none that there is. Every state of every view is in
 * the address.
 */
export const place = computed(() => {
  const [first, study, view = 'matrix'] = address.value.path.split('/').filter(Boolean).map(decode)
  return first === 'studies' && study !== undefined ? { study, view } : null
})

/** The parameters of the present view. */
export const query = computed(() => new URLSearchParams(address.value.search))

/** The configurations that an address chooses, by their places in the table of a study of this size. */
export function chosenIn(parameters: URLSearchParams, size: number): number[] {
  const numbers = (parameters.get('configurations') ?? '')
    .split(',')
    .filter((part) => /^\d+$/.test(part))
    .map(Number)
  return [...new Set(numbers)].filter((position) => position < size)
}

/** What is chosen after one more press on something. */
export function toggled<One>(chosen: readonly One[], one: One): One[] {
  return chosen.includes(one) ? chosen.filter((other) => other !== one) : [...chosen, one]
}

/** A text from the address, as it stands where it is badly encoded. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The address of a view of a study. */
export function linkTo(
  study: string,
  view: ViewName,
  parameters: Readonly<Record<string, string | number | undefined>> = {},
): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) search.set(name, String(value))
  return `/studies/${encodeURIComponent(study)}/${view}${search.size > 0 ? `?${search.toString()}` : ''}`
}

/** Goes to an address of this page. */
export function goTo(path: string): void {
  window.history.pushState(null, '', path)
  address.value = read()
  window.scrollTo(0, 0)
}

/** Changes parameters of the present view; null takes one away. It leaves no step to go back to. */
export function setQuery(changes: Readonly<Record<string, string | number | null>>): void {
  const search = new URLSearchParams(window.location.search)
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === '') search.delete(name)
    else search.set(name, String(value))
  }
  const text = search.toString()
  window.history.replaceState(null, '', `${window.location.pathname}${text === '' ? '' : `?${text}`}`)
  address.value = read()
}

/** Follows links within the page without loading it again. */
export function followLinks(event: MouseEvent): void {
  const link = event.target instanceof Element ? event.target.closest('a') : null
  const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey
  if (
    !link ||
    !isPlain ||
    link.target !== '' ||
    link.origin !== window.location.origin ||
    link.hasAttribute('download')
  )
    return
  if (link.pathname.startsWith('/api/') || link.getAttribute('href')?.startsWith('#')) return
  event.preventDefault()
  goTo(`${link.pathname}${link.search}`)
}
