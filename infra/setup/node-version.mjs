/** The oldest Node.js with everything that set-up and the packages use. */
const oldest = [20, 19]
/** The newest one that studies were tried with (`npm run test:nodes`). */
export const newestTried = 26

/** As a sentence names them. */
export const triedNodes = `Node.js ${oldest.join('.')} to ${newestTried}`

/** @param {string} version such as `20.19.0` */
export function isNewerThanTried(version) {
  return partsOf(version)[0] > newestTried
}

/** @param {string} version such as `20.19.0` */
export function isNewEnough(version) {
  const [major, minor] = partsOf(version)
  return major > Number(oldest[0]) || (major === oldest[0] && minor >= Number(oldest[1]))
}

/**
 * Ends the program with one sentence on an older Node.js. It uses only syntax that the older one can read.
 * @param {string} version such as `20.19.0`
 */
export function requireNode(version) {
  if (isNewEnough(version)) return
  console.error(`set-up: Node.js ${version} is too old; install ${oldest.join('.')} or newer (https://nodejs.org).`)
  process.exit(1)
}

/** @param {string} version @returns {[major: number, minor: number]} */
function partsOf(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return [major, minor]
}
