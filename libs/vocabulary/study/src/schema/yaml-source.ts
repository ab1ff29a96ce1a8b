import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  parseDocument,
  Parser,
  visit,
  type Document,
  type Node,
  type Pair,
} from 'yaml'
import { ProblemList, type Locate, type Path } from './problem-list.ts'
import { sourceText } from './source-text.ts'
import { shown, StudyFileInvalid, type SourcePosition } from './study-problem.ts'
import { syntaxMessage } from './yaml-syntax-message.ts'

/** A YAML text as plain data, with the position of everything in it. */
export interface YamlSource {
  readonly value: unknown
  readonly locate: Locate
}

/**
 * The deepest nesting of collections that is read. A study file needs five levels; a recursive reader of a million
 * would run out of stack.
 */
const depthLimit = 32

/**
 * Reads one YAML 1.2 document of plain maps, lists and scalars. Everything else that YAML can do (anchors and aliases,
 * tags, directives, several documents, keys that are no text) is refused with its position, because a study file must
 * mean what it looks like. `empty` is said of a file without one.
 */
export function readYaml(
  source: string | Uint8Array,
  fileName: string,
  empty = 'The file holds no study; begin with `name:` and `datasets:`.',
): YamlSource {
  const text = sourceText(source, fileName)
  const lineCounter = new LineCounter()
  const position = (offset: number): SourcePosition => positionOf(lineCounter, Math.min(offset, text.length))
  refuseDeepNesting(text, fileName)
  const document = parseDocument(text, {
    lineCounter,
    uniqueKeys: false,
    stringKeys: true,
    prettyErrors: false,
    logLevel: 'error',
  })
  const problems = new ProblemList(fileName, ([offset]) => position(Number(offset)))
  for (const error of firstPerLine(document, position)) problems.add([error.pos[0]], syntaxMessage(error))
  problems.throwIfAny()
  refuseExtras(document, problems, text)
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
    problems.add([0], empty)
  }
  problems.throwIfAny()
  return { value: document.toJS(), locate: (path, part = 'value') => position(offsetOf(document.contents, path, part)) }
}

function positionOf(lineCounter: LineCounter, offset: number): SourcePosition {
  const { line, col } = lineCounter.linePos(offset)
  return line === 0 ? { line: 1, column: 1 } : { line, column: col }
}

/**
 * The first error of each line. One mistake makes the reader report several, and the first of a line describes it best.
 */
function firstPerLine(document: Document, position: (offset: number) => SourcePosition) {
  const lines = new Set<number>()
  return document.errors.filter((error) => {
    const { line } = position(error.pos[0])
    return !lines.has(line) && lines.add(line)
  })
}

/** Measures the nesting with the iterative parser of the library, before its recursive composer sees the text. */
function refuseDeepNesting(text: string, fileName: string): void {
  const lineCounter = new LineCounter()
  const parser = new Parser(lineCounter.addNewLine)
  lineCounter.addNewLine(0)
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) void token
    if (parser.stack.length <= depthLimit) continue
    const message = `Collections are nested more than ${depthLimit} deep, which no study file needs; write it flatter.`
    throw new StudyFileInvalid([
      { fileName, ...positionOf(lineCounter, Math.min(parser.offset, text.length) - 1), message },
    ])
  }
}

function refuseExtras(document: Document, problems: ProblemList, text: string): void {
  const { yaml, tags } = document.directives!
  const directive =
    yaml.explicit || Object.keys(tags).length > 1 || document.warnings.some(({ code }) => code === 'BAD_DIRECTIVE')
  if (directive)
    problems.add([text.search(/^%/m)], 'Directives (%YAML, %TAG) are not used in study files; remove them.')
  visit(document, {
    Alias: (_, node) =>
      problems.add([start(node)], 'Aliases (*name) are not used in study files; write the value out.'),
    Node: (_, node) => {
      if (isAlias(node)) return
      if (node.anchor !== undefined)
        problems.add([start(node)], 'Anchors (&name) are not used in study files; remove it.')
      if (node.tag !== undefined)
        problems.add([start(node)], `Tags (${shown(node.tag)}) are not used in study files; remove it.`)
    },
    Map: (_, map) => refuseRepeatedKeys(map.items, problems),
  })
}

/**
 * Refuses a key that is written twice. The library would compare every key with every other, which takes too long for a
 * hostile file with 100,000 of them.
 */
function refuseRepeatedKeys(pairs: readonly Pair[], problems: ProblemList): void {
  const seen = new Set<unknown>()
  for (const { key } of pairs) {
    const value = isScalar(key) ? key.value : key
    if (seen.has(value))
      problems.add([isNode(key) ? start(key) : 0], `The key ${shown(value)} is written twice in one place; keep one.`)
    seen.add(value)
  }
}

function start(node: Node): number {
  return node.range?.[0] ?? 0
}

/** The offset of what a path leads to, or of the innermost collection on the way where the path ends early. */
function offsetOf(root: unknown, path: Path, part: 'key' | 'value'): number {
  let node = root
  let offset = isNode(root) ? start(root) : 0
  for (const [index, step] of path.entries()) {
    const pair = isMap(node) ? node.items.find(({ key }) => isScalar(key) && key.value === step) : undefined
    if (pair && part === 'key' && index === path.length - 1) return start(pair.key as Node)
    node = pair ? pair.value : isSeq(node) ? node.items[Number(step)] : undefined
    if (!isNode(node)) return pair && isNode(pair.key) ? start(pair.key) : offset
    offset = start(node)
  }
  return offset
}
