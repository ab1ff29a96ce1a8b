/**
 * Mills' ratio of the standard normal distribution, (1 − Φ(z)) / φ(z) for z ≥ 0, straight from its definitions: the
 * series DLMF 7.6.2 for small z, the continued fraction DLMF 7.9.3 from 2. Slow, hence the expansion below.
 */
function millsRatioFromDefinition(z: number): number {
  if (z >= 2) {
    let fraction = z
    for (let n = 600; n >= 1; n--) fraction = z + n / fraction
    return 1 / fraction
  }
  let term = z
  let sum = z
  for (let n = 1; term > sum * 2 ** -56; n++) {
    term *= (z * z) / (2 * n + 1)
    sum += term
  }
  return Math.sqrt(Math.PI / 2) * Math.exp((z * z) / 2) - sum
}

const terms = 40
const centre = 2.5

/**
 * Chebyshev coefficients of (z + 1) times Mills' ratio in t = (z − c) / (z + c), which maps z ≥ 0 to [−1, 1)
 * (Schonfelder, Math. Comp. 32, 1978, does so for erfc). They fall below the last bit within `terms`.
 */
const coefficients = chebyshevCoefficients((t) => {
  const z = (centre * (1 + t)) / (1 - t)
  return (z + 1) * millsRatioFromDefinition(z)
})

/** P(Z > z), to about 15 digits down to the smallest double (z = 37.5). */
export function normalUpperTail(z: number): number {
  if (z < 0) return 1 - normalUpperTail(-z)
  return normalDensity(z) * millsRatio(z)
}

/** φ(z). */
export function normalDensity(z: number): number {
  return Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI)
}

/** The z with P(Z > z) = p, for p in (0, 1): Abramowitz and Stegun 26.2.23, made exact by Halley's method. */
export function normalUpperQuantile(p: number): number {
  if (p > 0.5) return -normalUpperQuantile(1 - p)
  const t = Math.sqrt(-2 * Math.log(p))
  let z =
    t - (2.515517 + 0.802853 * t + 0.010328 * t * t) / (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t * t * t)
  for (let step = 0; step < 3; step++) {
    const error = millsRatio(z) - p / normalDensity(z)
    z += error / (1 - (error * z) / 2)
  }
  return z
}

function millsRatio(z: number): number {
  if (z === Infinity) return 0
  if (z < 0) return normalUpperTail(z) / normalDensity(z)
  const t = (z - centre) / (z + centre)
  let [next, afterNext] = [0, 0]
  for (let n = terms - 1; n > 0; n--) [next, afterNext] = [2 * t * next - afterNext + coefficients[n]!, next]
  return (t * next - afterNext + coefficients[0]!) / (z + 1)
}

/** Interpolation at the zeros of the Chebyshev polynomial of degree `terms`; the first coefficient is halved. */
function chebyshevCoefficients(f: (t: number) => number): Float64Array {
  const angles = Array.from({ length: terms }, (_, k) => (Math.PI * (k + 0.5)) / terms)
  const values = angles.map((angle) => f(Math.cos(angle)))
  return Float64Array.from({ length: terms }, (_, n) => {
    const sum = angles.reduce((total, angle, k) => total + values[k]! * Math.cos(n * angle), 0)
    return (sum * (n === 0 ? 1 : 2)) / terms
  })
}
