/** Bernoulli numbers over 2n (2n − 1): the coefficients of Stirling's series (DLMF 5.11.1), n = 1 … 8. */
const stirlingCoefficients = [
  1 / 12,
  -1 / 360,
  1 / 1260,
  -1 / 1680,
  1 / 1188,
  -691 / 360360,
  1 / 156,
  -3617 / 122400,
] as const

const halfLogTwoPi = 0.5 * Math.log(2 * Math.PI)

/** From here the eight terms of Stirling's series are exact to the last bits. */
const stirlingStart = 12

/**
 * What ln Γ(x) has beyond Stirling's leading terms: ln Γ(x) − ((x − ½) ln x − x + ½ ln 2π), for x > 0. Differences of
 * large ln Γ lose digits; differences of these do not.
 */
export function stirlingError(x: number): number {
  if (x < stirlingStart) return logGamma(x) - ((x - 0.5) * Math.log(x) - x + halfLogTwoPi)
  const inverseSquare = 1 / (x * x)
  return stirlingCoefficients.reduceRight((sum, coefficient) => sum * inverseSquare + coefficient, 0) / x
}

/** ln Γ(x) for x > 0: Stirling's series (DLMF 5.11.1), after a shift by Γ(x + 1) = x Γ(x) where x is small. */
export function logGamma(x: number): number {
  let shift = 1
  let shifted = x
  while (shifted < stirlingStart) shift *= shifted++
  return (shifted - 0.5) * Math.log(shifted) - shifted + halfLogTwoPi + stirlingError(shifted) - Math.log(shift)
}

/**
 * ln B(a, b) = ln Γ(a) + ln Γ(b) − ln Γ(a + b), for a, b > 0. Where an argument is large, the leading terms of
 * Stirling's series are subtracted by hand, so that no digits cancel (DiDonato and Morris, TOMS 18, 1992, §5).
 */
export function logBeta(a: number, b: number): number {
  const [small, large] = a < b ? [a, b] : [b, a]
  if (large < stirlingStart) return logGamma(a) + logGamma(b) - logGamma(a + b)
  const correction = stirlingError(large) - stirlingError(large + small)
  const fall = -(large - 0.5) * Math.log1p(small / large) + correction
  if (small < stirlingStart) return logGamma(small) + fall - small * Math.log(large + small) + small
  const share = small / (large + small)
  return halfLogTwoPi + stirlingError(small) + fall + small * Math.log(share) - 0.5 * Math.log(small)
}

/** ln of the number of ways to choose k of n. */
export function logChoose(n: number, k: number): number {
  return -Math.log1p(n) - logBeta(n - k + 1, k + 1)
}
