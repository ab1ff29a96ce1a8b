import {
  analyzeStudy,
  bootstrapRanking,
  compareWithLeader,
  publishedDefects,
  studyAtlases,
  studyPerturbations,
  type NumberedRow,
  type StudyNumbers,
} from '@gauntlet/analysis'
import { measuredStudy, type MeasuredStudySettings } from '@gauntlet/analysis/fixtures/measured-study'
import { publishedRows } from '@gauntlet/analysis/fixtures/published'
import type { ReportInput } from './report-input.ts'
import { hardestImages } from './tables/atlas.ts'

/** The paper's database as it is imported. */
export function publishedInput(): ReportInput {
  const rows = publishedRows.map((row): NumberedRow => ({
    ...row,
    origins: Object.fromEntries(
      Object.keys(row.accuracies).map((name) => [name, { kind: 'claimed', row: row.row, column: `${name}_acc` }]),
    ),
  }))
  const study: StudyNumbers = {
    id: 'id',
    name: 'published',
    evidence: 'claimed',
    source: 'read from measurements.csv',
    perturbations: studyPerturbations.map((name) => ({ name, epsilon: null, evaluator: null })),
    rows,
    lacking: [],
    defects: publishedDefects(publishedRows),
  }
  const nothing = { uncertainty: {}, atlases: [], hardest: [], pictures: new Map(), hypotheses: [], comparisons: [] }
  return { study, analysis: analyzeStudy(study), ...nothing }
}

/** A measured study with everything that a report shows of one. */
export function measuredInput(settings: MeasuredStudySettings = {}): ReportInput {
  const { study, outcomes } = measuredStudy(settings)
  const analysis = analyzeStudy(study)
  const atlases = studyAtlases(study, outcomes)
  const uncertainty = Object.keys(analysis.protocols).map((protocol) => [
    protocol,
    {
      ranking: bootstrapRanking(study, outcomes, { protocol, draws: 100 }),
      leader: compareWithLeader(study, outcomes, { protocol }),
    },
  ])
  return {
    study,
    analysis,
    uncertainty: Object.fromEntries(uncertainty),
    atlases,
    hardest: hardestImages(atlases),
    pictures: new Map([['digits image 39', { url: 'data:image/png;base64,AA==', alternative: 'digits, class 3' }]]),
    hypotheses: [],
    comparisons: [],
  }
}
