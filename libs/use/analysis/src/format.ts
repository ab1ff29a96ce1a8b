/** 0.437 → `43.7 %`. */
export function percent(ratio: number): string {
  return `${(100 * ratio).toFixed(1)} %`
}

/** A p-value: three decimals, or two digits and a power of ten where that would be 0. */
export function pValueText(pValue: number): string {
  if (pValue >= 0.001) return pValue.toFixed(3)
  return pValue === 0 ? '< 1e-300' : pValue.toExponential(1)
}

/** 95 → `1 min 35 s`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)]
  if (hours > 0) return `${hours} h ${minutes} min`
  return minutes > 0 ? `${minutes} min ${whole % 60} s` : `${whole} s`
}
