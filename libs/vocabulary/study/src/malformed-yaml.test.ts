import { describe, expect, it } from 'vitest'
import { expectOneProblem, problemLines, type MalformedStudy } from './malformed-study.fixture.ts'
import { tinyStudy, tinyStudyWith as tiny } from './tiny-study.fixture.ts'

const nestedKey = 'A key stands where a value is meant; check the indentation, or quote a value that holds a colon.'

const files: MalformedStudy[] = [
  ['an empty file', '', 'The file holds no study; begin with `name:` and `datasets:`.'],
  ['a file of comments', '# later\n', 'The file holds no study; begin with `name:` and `datasets:`.'],
  [
    'an unclosed list',
    tiny({ losses: '[Classic AT' }).replace('protocols', '▲protocols'),
    'A bracket opened before is not closed; write the missing ].',
  ],
  ['an unclosed quote', 'name: "tiny\n▲', 'Not valid YAML: Missing closing "quote.'],
  ['a tab as indentation', 'name: tiny\ndatasets:\n▲\t- digits\n', 'A tab is used for indentation; use spaces.'],
  ['uneven indentation', 'name: ▲tiny\n datasets: [digits]\n', nestedKey],
  ['two documents', 'name: tiny\n▲---\nname: other\n', 'A second document begins here; a study file holds one.'],
  [
    'text after the end of the document',
    'name: tiny\n...\n▲name: other\n',
    'A second document begins here; a study file holds one.',
  ],
  [
    'a YAML directive',
    '▲%YAML 1.1\n---\nname: tiny\n',
    'Directives (%YAML, %TAG) are not used in study files; remove them.',
  ],
  [
    'a directive nobody knows',
    '# first\n▲%FOO bar\n---\nname: tiny\n',
    'Directives (%YAML, %TAG) are not used in study files; remove them.',
  ],
  ['a custom tag', tiny({ name: '!shout ▲tiny' }), "Tags ('!shout') are not used in study files; remove it."],
  ['an anchor', tiny({ seeds: '&seeds ▲[1]' }), 'Anchors (&name) are not used in study files; remove it.'],
  [
    'an alias of nothing',
    tiny({ seeds: '▲*seeds' }),
    'Aliases (*name) are not used in study files; write the value out.',
  ],
  ['a repeated key', `${tinyStudy}▲name: again\n`, "The key 'name' is written twice in one place; keep one."],
  [
    'a repeated key in a flow map',
    tiny({ images: '{ test: 10, ▲test: 20 }' }),
    "The key 'test' is written twice in one place; keep one.",
  ],
  ['a key that is a list', '▲[name]: tiny\n', 'A key must be plain text.'],
  [
    'a key over two lines',
    '▲"na\nme": tiny\n',
    'A key must stand on one line and end with a colon; check quotes and the colon.',
  ],
  ['a replaced character', tiny({ name: 'ti▲\uFFFDny' }), 'The file is not UTF-8 from here on; save it as UTF-8.'],
  ['half a surrogate pair', tiny({ name: 'ti▲\uD800ny' }), 'The file is not UTF-8 from here on; save it as UTF-8.'],
]

/** Collections so deep that a recursive reader would run out of stack, and the column at which they are refused. */
const deeplyNested: [name: string, source: string, column: number][] = [
  ['lists', '['.repeat(500_000), 32],
  ['maps', '{a: '.repeat(200_000), 125],
  ['block lists', '- '.repeat(500_000), 63],
  ['keys', '? '.repeat(400_000), 63],
]

describe('a study file that is not plain YAML', () => {
  it.each(files)('(%s) gets one line with its position', (_, marked, message) => expectOneProblem(marked, message))

  it.each(deeplyNested)(
    'is refused in two seconds where %s are nested hundreds of thousands deep',
    (_, source, column) => {
      const started = performance.now()
      expect(problemLines(source)).toEqual([
        `f.study.yaml:1:${column}: Collections are nested more than 32 deep, which no study file needs; write it flatter.`,
      ])
      expect(performance.now() - started).toBeLessThan(2_000)
    },
  )

  it('is refused before nested aliases expand exponentially', () => {
    const levels = Array.from(
      { length: 12 },
      (_, level) => `k${level}: &k${level} [${`*k${level - 1},`.repeat(level === 0 ? 0 : 9)}]`,
    )
    const lines = problemLines(levels.join('\n'))
    expect(lines[0]).toBe('f.study.yaml:1:9: Anchors (&name) are not used in study files; remove it.')
    expect(lines.slice(2, 4)).toEqual([
      'f.study.yaml:2:10: Aliases (*name) are not used in study files; write the value out.',
      'f.study.yaml:2:14: Aliases (*name) are not used in study files; write the value out.',
    ])
  })

  it('is refused unread where it is longer than 1 MiB', () => {
    const message = 'The file is over 1 MiB, which no study file is; name the right file.'
    expect(problemLines('x'.repeat(1024 * 1024 + 1))).toEqual([`f.study.yaml:1:1: ${message}`])
    expect(problemLines(new Uint8Array(1024 * 1024 + 1))).toEqual([`f.study.yaml:1:1: ${message}`])
  })

  it('is refused at the first byte that is not UTF-8', () => {
    const message = 'The file is not UTF-8 from here on; save it as UTF-8.'
    expect(problemLines(Uint8Array.of(0x61, 0x0a, 0xc3, 0xa9, 0x20, 0xff))).toEqual([`f.study.yaml:2:3: ${message}`])
    expect(problemLines(Uint8Array.of(0xff, 0xfe, 0x61, 0x00))).toEqual([`f.study.yaml:1:1: ${message}`])
  })
})

describe('a study file of plain YAML', () => {
  const read = (text: string) => problemLines(new TextEncoder().encode(text))

  it('may begin with a byte order mark, which moves no column', () => {
    expect(read(`\uFEFF${tinyStudy}`)).toEqual([])
    expect(read('\uFEFF- 1\n')).toEqual(['f.study.yaml:1:1: The file must be a map of keys and values, not a list.'])
  })

  it('may have the line ends of Windows', () => {
    expect(read(tinyStudy.replaceAll('\n', '\r\n'))).toEqual([])
    expect(read(tiny({ seeds: '[-1]' }).replaceAll('\n', '\r\n'))).toEqual([
      "f.study.yaml:7:9: 'seeds[0]' must be at least 0, not -1.",
    ])
  })

  it('may be JSON', () => {
    const json = {
      name: 'tiny',
      datasets: ['digits'],
      backbones: ['tf_efficientnet_lite0.in1k'],
      losses: ['TRADES'],
      protocols: ['LP-1'],
    }
    expect(read(JSON.stringify({ ...json, evaluator: 'apgd-ce' }, null, 2))).toEqual([])
  })
})
