import type { z } from 'zod'
import { closestName } from '../catalogue/closest-name.ts'
import type { Path, ProblemList } from './problem-list.ts'
import { keysAt } from './schema-keys.ts'
import { shown } from './study-problem.ts'
import { perturbationNames } from './study-schema.ts'

type Issue = z.core.$ZodIssue

/** Puts what the schema found into sentences, each at the place it is about. */
export function addSchemaProblems(issues: readonly Issue[], value: unknown, problems: ProblemList): void {
  for (const issue of withoutLooseBounds(issues)) addIssue(issue, [], value, problems)
}

/** Issues without those of bounds beside a closer one: of a whole number zod also says where it ceases to be safe. */
function withoutLooseBounds(issues: readonly Issue[]): readonly Issue[] {
  const isCloser = (one: Issue, other: Issue) =>
    one.path.join('.') === other.path.join('.') &&
    ((one.code === 'too_big' && other.code === 'too_big' && one.maximum < other.maximum) ||
      (one.code === 'too_small' && other.code === 'too_small' && one.minimum > other.minimum))
  return issues.filter((issue) => !issues.some((other) => isCloser(other, issue)))
}

function addIssue(issue: Issue, base: Path, value: unknown, problems: ProblemList): void {
  const path = [...base, ...(issue.path as Path)]
  const input = valueAt(value, path)
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const branch = issue.errors.find((errors) => !errors.some((error) => isOfAnotherKind(error, input)))
    if (branch === undefined)
      problems.add(path, ownWords(issue) ?? `${subject(path)} must be ${kinds(issue.errors)}, not ${kindOf(input)}.`)
    for (const inner of withoutLooseBounds(branch ?? [])) addIssue(inner, path, value, problems)
    return
  }
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) problems.add([...path, key], unknownKey(key, path, keysAt(path, value)), 'key')
    return
  }
  problems.add(path, sentence(issue, path, input))
}

/** Whether a branch of a union is for another kind of value than the input, such as a list where the input is text. */
function isOfAnotherKind(issue: Issue, input: unknown): boolean {
  if (issue.path.length > 0) return false
  return (
    issue.code === 'invalid_type' ||
    (issue.code === 'invalid_value' && (typeof input !== 'string' || issue.values.length === 1)) ||
    (issue.code === 'invalid_union' &&
      issue.errors.every((errors) => errors.some((error) => isOfAnotherKind(error, input))) &&
      issue.errors.length > 0)
  )
}

function sentence(issue: Issue, path: Path, input: unknown): string {
  if (input === undefined)
    return `${subject(path)} is missing${issue.code === 'invalid_type' ? `; give ${kindNames[issue.expected] ?? issue.expected}` : ''}.`
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(issue, path, input)
    case 'invalid_value':
      return notOneOf(input, axisWord(path), issue.values.map(String))
    case 'invalid_union': // only a discriminator can leave a union without branches
      return notOneOf(input, axisWord(path), perturbationNames)
    case 'too_small':
      return tooSmall(issue, path, input)
    case 'too_big':
      return tooBig(issue, path, input)
    default:
      return issue.message
  }
}

/** The schema's own sentence for a union, where it has one. */
function ownWords(issue: Issue): string | null {
  return issue.message === 'Invalid input' ? null : issue.message
}

function wrongType(issue: Extract<Issue, { code: 'invalid_type' }>, path: Path, input: unknown): string {
  // A file that is no study, such as a private key, is not quoted.
  const found = path.length === 0 && !Array.isArray(input) ? 'plain text' : kindOf(input)
  return `${subject(path)} must be ${kindNames[issue.expected] ?? issue.expected}, not ${found}.`
}

function tooSmall(issue: Extract<Issue, { code: 'too_small' }>, path: Path, input: unknown): string {
  if (issue.origin === 'array') return `${subject(path)} is empty; a study without it has no cells.`
  if (issue.origin === 'string') return `${subject(path)} is empty.`
  return `${subject(path)} must be ${issue.inclusive ? 'at least' : 'above'} ${issue.minimum}, not ${shown(input)}.`
}

function tooBig(issue: Extract<Issue, { code: 'too_big' }>, path: Path, input: unknown): string {
  if (issue.origin === 'array')
    return `${subject(path)} has ${(input as unknown[]).length} items; at most ${issue.maximum} are allowed.`
  if (issue.origin === 'string') return `${subject(path)} is longer than ${issue.maximum} characters.`
  return `${subject(path)} must be at most ${issue.maximum}, not ${shown(input)}.`
}

/** An unknown id or word, with the nearest known one. */
export function notOneOf(input: unknown, what: string, options: readonly string[]): string {
  const near = closestName(String(input), options)
  const list = options.length <= 12 ? `; known are ${options.join(', ')}.` : '.'
  return `${shown(input)} is not a known ${what}${near === null ? list : `; did you mean '${near}'?`}`
}

function unknownKey(key: string, path: Path, options: readonly string[]): string {
  const near = closestName(key, options)
  const list = options.length <= 12 ? `; it has ${options.join(', ')}.` : '; study.schema.json lists its keys.'
  const place = path.length === 0 ? 'a study file' : `'${dotted(path)}'`
  return `${shown(key)} is not a key of ${place}${near === null ? list : `; did you mean '${near}'?`}`
}

const singular: Record<string, string> = {
  datasets: 'dataset',
  backbones: 'backbone',
  losses: 'loss',
  perturbations: 'perturbation',
  portfolio: 'corruption',
}

/** What the value at a path is called: at `datasets[0].id` a dataset, at `where.loss` a loss. */
function axisWord(path: Path): string {
  const words = path.filter((step): step is string => typeof step === 'string' && step !== 'id' && step !== 'name')
  const last = words.at(-1) ?? 'value'
  return singular[last] ?? last
}

const kindNames: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of keys and values',
}

function kinds(branches: readonly (readonly Issue[])[]): string {
  const names = branches.flatMap((errors) => errors.flatMap((error) => kindsOfIssue(error)))
  return [...new Set(names)].join(' or ')
}

function kindsOfIssue(issue: Issue): string[] {
  if (issue.code === 'invalid_type') return [kindNames[issue.expected] ?? issue.expected]
  if (issue.code === 'invalid_value') return ['text']
  if (issue.code === 'invalid_union') return issue.errors.flatMap((errors) => errors.flatMap(kindsOfIssue))
  return []
}

function kindOf(input: unknown): string {
  if (input === null || input === undefined) return 'nothing'
  if (Array.isArray(input)) return 'a list'
  if (typeof input === 'object') return 'a map'
  return shown(input)
}

function subject(path: Path): string {
  return path.length === 0 ? 'The file' : `'${dotted(path)}'`
}

/** `overrides[0].set.microBatch` */
function dotted(path: Path): string {
  return path.map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index > 0 ? '.' : ''}${step}`)).join('')
}

function valueAt(value: unknown, path: Path): unknown {
  let here = value
  for (const step of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, step)) return undefined
    here = (here as Record<string | number, unknown>)[step]
  }
  return here
}
