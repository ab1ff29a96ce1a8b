import { countNumbers, evidenceOf, type StudyProtocolAnalysis } from '@gauntlet/analysis'
import { atlasFigure } from '../figures/atlas.ts'
import { correlationFigure, proxyFigure, scatterFigure } from '../figures/points.ts'
import { effectsFigure, oddsFigure, rankingFigure } from '../figures/rows.ts'
import type { Figure } from '../figures/svg.ts'
import { methodsOf } from '../methods.ts'
import type { ReportInput } from '../report-input.ts'
import { agreementTable, atlasTable, fallenImagesTable, felledByTable } from '../tables/atlas.ts'
import {
  comparisonTables,
  defectCountsTable,
  lackingTable,
  leaderTable,
  numbersTable,
  originsTable,
} from '../tables/evidence.ts'
import { protocolTables } from '../tables/protocol-tables.ts'
import { escapeText, idOf } from './escape.ts'
import { stabilityOf } from './stability.ts'
import { reportStyle } from './style.ts'
import { fittedTableHtml, tableHtml } from './table.ts'

/** The whole report as one HTML page that needs nothing else: no script, no font, no file. */
export function pageHtml(input: ReportInput, numbersDigest: string): string {
  const { study, analysis } = input
  const sections = [
    ...Object.entries(analysis.protocols).map(([protocol, one]) => protocolSection(input, protocol, one)),
    ...comparisonSection(input),
    ...atlasSection(input),
    evidenceSection(input),
    methodsSection(input),
  ]
  const title = `${study.name}: robustness report`
  return [
    '<!doctype html>',
    `<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">`,
    `<title>${escapeText(title)}</title><style>${reportStyle}</style></head><body>`,
    `<header><h1>${escapeText(title)}</h1>${summary(input, numbersDigest)}</header>`,
    `<nav aria-label="Sections"><ul>${sections.map(({ id, heading }) => `<li><a href="#${id}">${escapeText(heading)}</a></li>`).join('')}</ul></nav>`,
    '<main>',
    ...sections.map(
      ({ id, heading, content }) =>
        `<section aria-labelledby="${id}"><h2 id="${id}">${escapeText(heading)}</h2>\n${content}</section>`,
    ),
    '</main></body></html>\n',
  ].join('\n')
}

interface Section {
  readonly id: string
  readonly heading: string
  readonly content: string
}

function summary({ study, analysis }: ReportInput, numbersDigest: string): string {
  const links = study.evidence === 'claimed' ? '' : ' Each links to the outcomes it was counted from.'
  const claim = `These numbers are <strong>${escapeText(evidenceOf(study))}</strong>.${links}`
  const ranked = Object.entries(analysis.protocols).map(
    ([protocol, { ranked, unranked }]) => `${protocol}: ${ranked} of ${ranked + unranked.length}`,
  )
  return [
    `<p class="${study.evidence}">${claim} ${countNumbers(study).toLocaleString('en')} numbers, ${escapeText(study.source)}.</p>`,
    `<p>Configurations that have all their numbers and are ranked: ${escapeText(ranked.join(', '))}.</p>`,
    `<p>Digest of the numbers (SHA-256 of their canonical JSON): <code>${numbersDigest}</code></p>`,
  ].join('\n')
}

function protocolSection(input: ReportInput, protocol: string, analysis: StudyProtocolAnalysis): Section {
  const uncertainty = input.uncertainty[protocol]
  const figures: Readonly<Record<string, Figure | null>> = {
    ranking: rankingFigure(protocol, analysis, uncertainty?.ranking ?? null),
    'main-effects': effectsFigure(protocol, analysis),
    correlation: correlationFigure(protocol, analysis),
    'loss-odds': oddsFigure(protocol, analysis),
    proxy: proxyFigure(protocol, analysis),
  }
  const scatter = scatterFigure(protocol, analysis)
  const tables = protocolTables(protocol, analysis, uncertainty?.ranking ?? null)
  const parts = tables.flatMap((table) => {
    const figure = figures[table.id.slice(protocol.length + 1)]
    return [...(figure ? [figureHtml(figure)] : []), tableHtml(table)]
  })
  const leader = leaderTable(protocol, uncertainty?.leader ?? [])
  return {
    id: idOf(protocol, 'section'),
    heading: protocol,
    content: [
      `<p>${escapeText(stabilityOf(analysis, uncertainty?.ranking?.leaderStaysFirst ?? null).join(' '))}</p>`,
      ...parts,
      ...(leader ? [tableHtml(leader)] : []),
      ...(scatter ? [figureHtml(scatter)] : []),
    ].join('\n'),
  }
}

function figureHtml({ id, title, description, svg }: Figure): string {
  return `<figure><div class="scroll" role="region" tabindex="0" aria-label="${escapeText(`Figure: ${title}`)}">${svg}</div><figcaption id="${id}-caption"><b>${escapeText(title)}.</b> ${escapeText(description)}</figcaption></figure>`
}

function comparisonSection({ comparisons, study }: ReportInput): Section[] {
  if (comparisons.length === 0) return []
  const parts = comparisons.flatMap((comparison) => {
    const { first, second, cells, onlyFirst, onlySecond } = comparison
    const sentence = `${cells.length} cells have a number in both; ${onlyFirst} only in ${first}, ${onlySecond} only in ${second}.`
    return [
      `<h3>${escapeText(second)}</h3><p>${escapeText(sentence)}</p>`,
      ...comparisonTables(comparison).map(tableHtml),
    ]
  })
  return [{ id: 'side-by-side', heading: `${study.name} beside other studies`, content: parts.join('\n') }]
}

/** How many characters all figures of the atlas may have together: reports are to stay below 5 MB. */
const atlasBudget = 500_000
const tableBudget = 150_000

function atlasSection({ atlases, hardest, pictures }: ReportInput): Section[] {
  if (atlases.length === 0) return []
  let left = atlasBudget
  const figures = atlases.flatMap((atlas) => {
    const figure = atlasFigure(atlas)
    if (!figure || figure.svg.length > left) return []
    left -= figure.svg.length
    return [figureHtml(figure)]
  })
  const items = hardest.map(({ image, dataset, fell, felledBy }) => {
    const picture = pictures.get(image)
    const by = Object.entries(felledBy).toSorted(([, a], [, b]) => b - a)
    const shown = picture
      ? `<img src="${picture.url}" alt="${escapeText(picture.alternative)}">`
      : '<span>no picture at hand</span>'
    const text = `${dataset} ${image.slice(0, 12)}: fell ${fell} times, ${by.map(([name, count]) => `${name} ${count}`).join(', ')}`
    return `<li>${shown}<br>${escapeText(text)}</li>`
  })
  const omitted = atlases.length - figures.length
  const content = [
    tableHtml(atlasTable(atlases)),
    ...figures,
    ...(omitted > 0
      ? [`<p>${omitted} figures are left out, to keep the page small or for want of a second model.</p>`]
      : []),
    tableHtml(fallenImagesTable(atlases)),
    fittedTableHtml(felledByTable(atlases), tableBudget),
    fittedTableHtml(agreementTable(atlases), tableBudget),
    '<h3>The hardest images</h3><p>Those that fell most often, over all models and perturbations of a dataset.</p>',
    `<ul class="pictures">${items.join('')}</ul>`,
  ]
  return [{ id: 'outcome-atlas', heading: 'Outcome atlas', content: content.join('\n') }]
}

/** How many characters the tables of every number and of every origin may have, each: 7,200 numbers fit. */
const numbersBudget = 1_200_000
const originsBudget = 2_400_000
const shownDefects = 3000

function evidenceSection({ study }: ReportInput): Section {
  const { defects } = study
  const [lacking, origins] = [lackingTable(study), originsTable(study)]
  const list = defects
    .slice(0, shownDefects)
    .map(({ kind, message }) => `<li>${escapeText(`${kind}: ${message}`)}</li>`)
  const counted = list.length < defects.length ? `first ${list.length} of ${defects.length}` : String(list.length)
  const content = [
    ...(study.evidence === 'claimed' ? [tableHtml(defectCountsTable(defects))] : []),
    ...(list.length > 0
      ? [`<details><summary>The ${counted} defects, one by one</summary><ul>${list.join('')}</ul></details>`]
      : []),
    ...(lacking ? [fittedTableHtml(lacking, originsBudget / 4)] : []),
    fittedTableHtml(numbersTable(study), numbersBudget),
    ...(origins ? [fittedTableHtml(origins, originsBudget)] : []),
  ]
  return { id: 'evidence', heading: 'Evidence', content: content.join('\n') }
}

function methodsSection(input: ReportInput): Section {
  const methods = methodsOf(input).map(({ name, text }) => `<dt>${escapeText(name)}</dt><dd>${escapeText(text)}</dd>`)
  return { id: 'methods', heading: 'Methods', content: `<dl>${methods.join('\n')}</dl>` }
}
