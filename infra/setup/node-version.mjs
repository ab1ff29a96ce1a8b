/** The oldest Node.js with everything that set-up and the packages use. */
const oldest = [20, 19]

/**
 * Ends the program with one sentence on an older Node.js. It uses only syntax that the older one can read.
 * @param {string} version such as `20.19.0`
 */
export function requireNode(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > Number(oldest[0]) || (major === oldest[0] && minor >= Number(oldest[1]))) return
  console.error(`set-up: Node.js ${version} is too old; install ${oldest.join('.')} or newer (https://nodejs.org).`)
  process.exit(1)
}
