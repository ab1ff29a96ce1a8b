import { canonicalJson, type PerturbationName } from '@gauntlet/study'
import type { Escalation, Evidence } from './evidence.ts'
import type { OutcomeFacts } from './outcome.ts'
import { OutcomesUnreadable } from './outcomes-unreadable.ts'

const format = 'gauntlet-outcomes-3'
const names: readonly string[] = ['clean', 'Linf', 'L2', 'L1', 'common'] satisfies PerturbationName[]

/** The facts as texts in a fixed order, for the metadata of an Arrow schema. */
export function metadataOfFacts(
  { perturbation, epsilon, evaluator, evidence }: OutcomeFacts,
  count: number,
): Map<string, string> {
  return new Map([
    ['format', format],
    ['perturbation', perturbation],
    ['epsilon', epsilon === null ? '' : String(epsilon)],
    ['evaluator', evaluator],
    ['count', String(count)],
    ['flags', canonicalJson(evidence.flags)],
    ['forwards', String(evidence.forwards)],
    ['backwards', String(evidence.backwards)],
    ...(evidence.escalation ? [['escalation', canonicalJson(evidence.escalation)] as const] : []),
  ])
}

/** Reads the facts from a schema's metadata, and checks them. */
export function factsFromMetadata(metadata: ReadonlyMap<string, string>): { facts: OutcomeFacts; count: number } {
  const text = (name: string, valid: (value: string) => boolean): string => {
    const value = metadata.get(name)
    if (value === undefined || !valid(value)) throw new OutcomesUnreadable(`its ${name} is ${value ?? 'missing'}`)
    return value
  }
  text('format', (value) => value === format)
  const perturbation = text('perturbation', (value) => names.includes(value)) as PerturbationName
  const radius = text('epsilon', (value) => value === '' || (Number(value) > 0 && String(Number(value)) === value))
  const evaluator = text('evaluator', (value) => value !== '')
  const count = (name: string) => Number(text(name, (value) => /^(0|[1-9][0-9]{0,15})$/.test(value)))
  const flags = flagsOf(text('flags', () => true))
  const escalation = metadata.has('escalation') ? { escalation: escalationOf(text('escalation', () => true)) } : {}
  const evidence = { flags, forwards: count('forwards'), backwards: count('backwards'), ...escalation }
  const epsilon = radius === '' ? null : Number(radius)
  return { facts: { perturbation, epsilon, evaluator, evidence }, count: count('count') }
}

/** Flags as they were written. Only their form is checked, since later versions may have other names. */
function flagsOf(text: string): Evidence['flags'] {
  const flags = parsed('flags', text)
  if (Array.isArray(flags) && flags.every(isFlag)) return flags as Evidence['flags']
  throw new OutcomesUnreadable('its flags do not have the form of flags')
}

function parsed(name: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new OutcomesUnreadable(`its ${name} are not JSON`, { cause })
  }
}

function escalationOf(text: string): Escalation {
  const { attacks, attacked, felled, ...others } = Object(parsed('escalation facts', text)) as Partial<Escalation>
  const areNames =
    Array.isArray(attacks) && attacks.every((name) => typeof name === 'string' && /^[a-z-]{1,40}$/.test(name))
  const areCounts =
    Number.isSafeInteger(attacked) && Number.isSafeInteger(felled) && felled! >= 0 && attacked! >= felled!
  if (areNames && areCounts && Object.keys(others).length === 0)
    return { attacks, attacked: attacked!, felled: felled! }
  throw new OutcomesUnreadable('its escalation does not have the form of one')
}

function isFlag(flag: unknown): boolean {
  const { name, value, limit, policy, ...others } = (typeof flag === 'object' && flag ? flag : {}) as Record<
    string,
    unknown
  >
  const isNamed = typeof name === 'string' && /^[a-z-]{1,40}$/.test(name)
  const isMeasured = typeof value === 'number' && typeof limit === 'number' && Object.keys(others).length === 0
  return isNamed && isMeasured && (policy === 'mark' || policy === 'escalate' || policy === 'refuse')
}
