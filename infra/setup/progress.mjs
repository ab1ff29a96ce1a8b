/** Milliseconds between two plain lines about the same step. */
const plainPause = 15_000

/**
 * Shows several steps at once: in one line that is redrawn on a terminal, elsewhere in plain lines at intervals.
 * @param {{ stream?: NodeJS.WriteStream, now?: () => number }} [options]
 */
export function showProgress({ stream = process.stderr, now = Date.now } = {}) {
  const started = now()
  /** @type {Map<string, string>} */
  const active = new Map()
  /** @type {Map<string, number>} */
  const printed = new Map()
  const clear = () => stream.isTTY && stream.write('\r\u001b[2K')
  const seconds = () => `${Math.round((now() - started) / 1000)} s`
  const draw = () => {
    const text = `set-up ${seconds()}: ${[...active].map(([step, state]) => `${step} (${state})`).join(', ')}`
    if (stream.isTTY && active.size > 0) stream.write(`\r\u001b[2K${text.slice(0, (stream.columns || 80) - 1)}`)
  }
  const print = (/** @type {string} */ text) => {
    clear()
    stream.write(`${text}\n`)
    draw()
  }
  return {
    /** @param {string} step @param {string} state */
    report(step, state) {
      const isNew = !active.has(step)
      active.set(step, state)
      if (stream.isTTY) return draw()
      if (!isNew && now() - (printed.get(step) ?? 0) < plainPause) return
      printed.set(step, now())
      print(`set-up: ${step}: ${state}`)
    },
    /** @param {string} step */
    finished(step) {
      active.delete(step)
      print(`set-up: ${step}: ready after ${seconds()}`)
    },
    /** @param {string} text */
    end(text) {
      active.clear()
      print(text)
    },
  }
}
