import { useEffect, useState } from 'preact/hooks'

/** The inner size of an element in CSS pixels, as it changes; 0 by 0 until it is known. */
export function useSize(element: { readonly current: HTMLElement | null }) {
  const [size, setSize] = useState({ width: 0, height: 0 })
  useEffect(() => {
    const shown = element.current!
    const observer = new ResizeObserver(() => setSize({ width: shown.clientWidth, height: shown.clientHeight }))
    observer.observe(shown)
    return () => observer.disconnect()
  }, [])
  return size
}
