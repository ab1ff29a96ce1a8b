/** 0.437 → `43.7 %`. */
export function percent(ratio: number): string {
  return `${(100 * ratio).toFixed(1)} %`
}

/** 95 → `1 min 35 s`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)]
  if (hours > 0) return `${hours} h ${minutes} min`
  return minutes > 0 ? `${minutes} min ${whole % 60} s` : `${whole} s`
}
