import { analyzeStudy, compareStudies } from '@gauntlet/analysis'
import { describe, expect, it } from 'vitest'
import { buildReport } from './build-report.ts'
import type { ReportInput } from './report-input.ts'
import { atlasCsv, hardestImages } from './tables/atlas.ts'
import { measuredInput, publishedInput } from './report-input.fixture.ts'

const published = buildReport(publishedInput())
const measured = buildReport(measuredInput({ protocols: ['FFT-5', 'FFT-50'], seeds: [1, 2] }))
const page = (report: typeof published) => report.files['index.html']!

const idsOf = (html: string) => [...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id!)
const linksOf = (html: string) => [...html.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id!)

describe.each([
  ['published', published],
  ['measured', measured],
])('the page of a %s study', (_, report) => {
  const html = page(report)

  it('needs nothing from elsewhere', () => {
    expect(html).not.toMatch(/<(script|link|iframe|object)\b|@import|url\(/)
    expect([...html.matchAll(/(?:src|href)="([^"#][^"]*)"/g)].filter(([, url]) => !url!.startsWith('data:'))).toEqual(
      [],
    )
  })

  it('names every part once, and has what each link leads to', () => {
    const ids = idsOf(html)
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([])
    const links = linksOf(html)
    expect(links.length).toBeGreaterThan(5)
    const known = new Set(ids)
    expect(links.filter((id) => !known.has(id))).toEqual([])
    const labels = [...html.matchAll(/aria-labelledby="([^"]+)"/g)].flatMap(([, names]) => names!.split(' '))
    expect(labels.filter((id) => !known.has(id))).toEqual([])
  })

  it('closes what it opens', () => {
    const open: string[] = []
    for (const [, end, name, rest] of html.matchAll(/<(\/?)([a-z]+)\b([^>]*)>/g)) {
      if (/^(meta|img|br)$/.test(name!) || rest!.endsWith('/')) continue
      if (end) expect(open.pop()).toBe(name)
      else open.push(name!)
    }
    expect(open).toEqual([])
  })

  it('says by a digest which numbers it is about, as the macros do', () => {
    expect(html).toContain(report.numbersDigest)
    expect(report.files['macros.tex']).toContain(report.numbersDigest)
  })

  it('has a key of its own for each number', () => {
    const keys = report.files['numbers.csv']!.trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => line.split(',')[0])
    expect(keys.length).toBeGreaterThan(100)
    expect(keys.filter((key, i) => keys.indexOf(key) !== i).slice(0, 5)).toEqual([])
    expect(report.files['macros.tex']!.match(/^\\gauntlet@number/gm)).toHaveLength(keys.length)
  })
})

it('the page of the published study has the 7,200 numbers and is below 5 MB', () => {
  expect(page(published).length).toBeLessThan(5e6)
  expect(page(published).match(/rows are left out/g)).toBeNull()
  const numbers = published.files['numbers.csv']!.match(/^numbers\/.*column \w+_acc"$/gm)
  expect(numbers).toHaveLength(7200)
})

it('the page of a measured study of 7,200 numbers is below 5 MB', { timeout: 60_000 }, () => {
  const input = measuredInput({
    backbones: 40,
    protocols: ['FFT-50', 'FFT-5', 'LP-50'],
    datasets: ['a', 'b', 'c', 'd', 'e', 'f'],
    images: 50,
  })
  const html = page(buildReport(input))
  expect(html.length).toBeLessThan(4e6) // pictures may take another 0.7 MB
  expect(html.match(/<tr id="number-/g)).toHaveLength(7200)
  expect(html.match(/<a href="#number-/g)).toHaveLength(7200)
})

it('a measured number links to its origin, and the hardest images have pictures where they are at hand', () => {
  expect(page(measured)).toMatch(/<td class="n"><a href="#number-1">/)
  expect(page(measured)).toMatch(/<tr id="number-1">/)
  expect(page(measured)).toContain('alt="digits, class 3"')
  expect(page(measured)).toContain('no picture at hand')
  expect(page(measured)).toContain('The first stays first in')
})

it('atlas.csv has every image, for how many models it fell, and what felled it', () => {
  const lines = measured.files['atlas.csv']!.trimEnd().split('\n')
  expect(lines).toHaveLength(1 + 5 * 40)
  const falls = lines.slice(1).map((line) => line.split(','))
  const fellUnder = (perturbation: string) =>
    falls.filter((fall) => fall[1] === perturbation).reduce((sum, fall) => sum + Number(fall[3]), 0)
  const { rows } = measuredInput({ protocols: ['FFT-5', 'FFT-50'], seeds: [1, 2] }).study
  for (const name of ['clean', 'L1']) {
    const held = rows.reduce((sum, { accuracies }) => sum + 40 * accuracies[name]!, 0)
    expect(fellUnder(name)).toBeCloseTo(40 * rows.length - held, 6)
  }
  for (const [, , , fell, models, , by] of falls) {
    expect(Number(models)).toBe(24)
    const counted = by!.split('; ').reduce((sum, part) => sum + Number(part.split(' ')[1] ?? 0), 0)
    expect(counted).toBe(Number(fell))
  }
  expect(published.files['atlas.csv']).toBeUndefined()
})

it('the hardest images are those that fell most often by atlas.csv, with its counts', () => {
  const { atlases } = measuredInput({ backbones: 3 })
  const falls = new Map<string, number>()
  for (const line of atlasCsv(atlases).trimEnd().split('\n').slice(1)) {
    const [, , image, fell] = line.split(',')
    falls.set(image!, (falls.get(image!) ?? 0) + Number(fell))
  }
  const most = [...falls].sort(([, a], [, b]) => b - a).slice(0, 10)
  const hardest = hardestImages(atlases)
  expect(hardest.map(({ image, fell }) => [image, fell])).toEqual(most)
  for (const { fell, felledBy } of hardest)
    expect(Object.values(felledBy).reduce((sum, count) => sum + count, 0)).toBe(fell)
})

it('the digest changes with any number and not with the analysis', () => {
  const input = measuredInput()
  const [first, ...rest] = input.study.rows
  const rows = [{ ...first!, accuracies: { ...first!.accuracies, clean: 0 } }, ...rest]
  expect(buildReport({ ...input, study: { ...input.study, rows } }).numbersDigest).not.toBe(
    buildReport(input).numbersDigest,
  )
  expect(buildReport({ ...input, atlases: [] }).numbersDigest).toBe(buildReport(input).numbersDigest)
})

it('text from outside cannot become markup', () => {
  const input = measuredInput()
  const rows = input.study.rows.map((row) => ({ ...row, backbone: `<b>"${row.backbone}"&` }))
  const html = page(buildReport({ ...input, study: { ...input.study, rows, name: '</title><script>' } }))
  expect(html).not.toMatch(/<script|<b>"/)
  expect(html).toContain('&lt;b&gt;&quot;backbone 0&quot;&amp;')
})

it('a study that has no number yet, or one, has a report', () => {
  const { study, ...rest } = measuredInput()
  const emptied = study.rows.map((row, i) => ({
    ...row,
    accuracies: Object.fromEntries(
      Object.entries(row.accuracies).map(([name, value]) => [name, i === 0 && name === 'clean' ? value : null]),
    ),
  }))
  for (const rows of [emptied, emptied.slice(1), emptied.slice(1, 2)]) {
    const partial = { ...study, rows }
    const input = { ...rest, study: partial, analysis: analyzeStudy(partial), uncertainty: {}, atlases: [] }
    const html = page(buildReport(input))
    expect(html).toContain(`FFT-50: 0 of ${rows.length}`)
    expect(html).toContain('What missing numbers leave open')
    expect(html).not.toMatch(/NaN|undefined|Infinity/)
  }
})

it('sets other studies beside it', () => {
  const input = publishedInput()
  const { study } = measuredInput()
  const comparisons = [
    compareStudies(input.study, { ...input.study, name: 'ours' }),
    compareStudies(input.study, study),
  ]
  const html = page(buildReport({ ...input, comparisons }))
  expect(html).toContain('published beside other studies')
  expect(html).toContain('7200 cells have a number in both; 0 only in published, 0 only in ours.')
  expect(html).toContain('0 cells have a number in both')
})

it('has an element of its own for each part, where the name of one protocol begins or ends as that of another', () => {
  const protocols = ['x', 'x-mean', 'x-podium', 'protocol-x']
  const ids = idsOf(page(buildReport(measuredInput({ protocols }))))
  expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([])
})

it('names a number alike in numbers.csv and macros.tex, also where a spreadsheet would take the name for a formula', () => {
  const { files } = buildReport(measuredInput({ protocols: ['=now()'] }))
  const [, first] = files['numbers.csv']!.split('\n')
  const [key] = first!.split(',')
  expect(key).toMatch(/^'=now\(\)\//)
  expect(files['macros.tex']).toContain(`\\gauntlet@number{${key}}`)
})

it('says which claims were sealed before the numbers, and that nothing was where nothing was', () => {
  const claims = {
    sentence: 'Hypotheses h.yaml were sealed before the first measurement (now, seal 1).',
    claims: ['a'],
  }
  const page = (hypotheses: ReportInput['hypotheses']) =>
    buildReport({ ...measuredInput(), hypotheses }).files['index.html']!
  expect(page([])).toContain('No hypothesis of this study is sealed; every comparison here is exploratory.')
  expect(page([claims])).toContain('before the first measurement (now, seal 1). Claims: a. Comparisons beyond these')
  expect(page([claims])).not.toContain('No hypothesis')
})

it('says of studies side by side on what the numbers of each rest', () => {
  const input = measuredInput()
  const claimed = { ...input.study, name: 'other-lab', evidence: 'claimed' as const }
  const { files } = buildReport({ ...input, comparisons: [compareStudies(input.study, claimed)] })
  const note = `Numbers of other-lab are claimed by a table, and measured by nobody here; those of ${input.study.name} are measured here.`
  expect(files['index.html']).toContain(note)
  expect(Object.values(files).filter((text) => text.includes('measured by nobody here')).length).toBeGreaterThan(1)
})

it('has a file, an element and anchors for each protocol, however alike their names', () => {
  const protocols = ['全微调', '线性探测', 'LP 50', 'LP-50', 'lp-50']
  const { files } = buildReport(measuredInput({ protocols }))
  const podiums = Object.keys(files).filter((path) => path.includes('podium'))
  expect(new Set(podiums.map((path) => path.toLowerCase())).size).toBe(protocols.length)
  expect(podiums).toContain('tables/LP-50-podium.tex')
  const ids = idsOf(files['index.html']!)
  expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([])
  expect(linksOf(files['index.html']!).filter((id) => !ids.includes(id))).toEqual([])
  expect(new Set(ids.filter((id) => id.startsWith('cells-'))).size).toBeGreaterThan(protocols.length)
})
