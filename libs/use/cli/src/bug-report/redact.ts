/** What stands in the place of a secret. */
const removed = '<removed>'

/** Variables that concern Gauntlet or what it runs on. */
const concerning =
  /^(GAUNTLET|TEMPORAL|SLURM|CUDA|NVIDIA|XLA|TF|HF|NODE)_|^(DATABASE_URL|HTTPS?_PROXY|NO_PROXY|https?_proxy|no_proxy)$/

/** Variables whose values are secrets, by their names. */
const secretName = /PASSW|TOKEN|SECRET|API_KEY|CREDENTIAL|(^|_)KEY$|DATABASE_URL/i

/** A user and a password in an address. */
const credentials = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@"'\\]+@/gi

/** Parameters of addresses, and headers, that carry secrets. */
const parameters = /\b(token|signature|x-amz-[\w-]+|api_key|key|password|authorization)(=|: ?)("?)[^\s&"'\\]+/gi

/** A private key in PEM. */
const privateKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/g

/** Takes secrets out of a text: those that the variables hold, and what looks like one. */
export function redacted(variables: Readonly<Record<string, string | undefined>>): (text: string) => string {
  const values = Object.entries(variables).flatMap(([name, value]) => {
    return value !== undefined && value.length >= 4 && secretName.test(name) ? [value, ...passwordOf(value)] : []
  })
  return (text) =>
    values
      .reduce((rest, value) => rest.replaceAll(value, removed), text)
      .replace(privateKey, removed)
      .replace(credentials, `$1${removed}@`)
      .replace(parameters, `$1$2$3${removed}`)
}

/** The variables that concern Gauntlet, without the values of those that are secrets. */
export function redactedVariables(variables: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const hidden = redacted(variables)
  return Object.fromEntries(
    Object.entries(variables)
      .filter(([name, value]) => value !== undefined && concerning.test(name))
      .map(([name, value]) => [name, secretName.test(name) ? removed : hidden(value!)]),
  )
}

function passwordOf(address: string): string[] {
  if (!URL.canParse(address)) return []
  const { password } = new URL(address)
  return password.length >= 4 ? [password, decodeURIComponent(password)] : []
}
