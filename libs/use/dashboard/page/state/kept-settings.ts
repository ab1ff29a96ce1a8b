import { effect, signal, type Signal } from '@preact/signals'

/** A setting that this browser remembers. Without storage it lasts as long as the page. */
function kept<Value>(name: string, initial: Value, isValid: (value: unknown) => value is Value): Signal<Value> {
  const key = `gauntlet ${name}`
  const read = (): Value => {
    try {
      const value: unknown = JSON.parse(window.localStorage.getItem(key) ?? 'null')
      return isValid(value) ? value : initial
    } catch {
      return initial
    }
  }
  const setting = signal(read())
  effect(() => {
    try {
      window.localStorage.setItem(key, JSON.stringify(setting.value))
    } catch {
      // A browser without storage, or with a full one.
    }
  })
  return setting
}

const themes = ['system', 'light', 'dark'] as const
type Theme = (typeof themes)[number]

/** Light, dark, or as the system has it. */
export const theme = kept<Theme>('theme', 'system', (value): value is Theme => themes.includes(value as Theme))

effect(() => {
  document.documentElement.dataset['theme'] = theme.value
})

/** The next theme in turn. */
export function nextTheme(): void {
  theme.value = themes[(themes.indexOf(theme.value) + 1) % themes.length]!
}

/** Columns of the table view that are hidden, by their headings, for all studies. */
export const hiddenColumns = kept<readonly string[]>(
  'hidden columns',
  [],
  (value): value is string[] => Array.isArray(value) && value.every((one) => typeof one === 'string'),
)
