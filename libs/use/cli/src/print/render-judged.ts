import { duration, percent } from '@gauntlet/analysis'
import type { JudgedReproduction } from '@gauntlet/audit'
import { count } from './count.ts'

const meanings: Readonly<Record<JudgedReproduction['verdict'], string>> = {
  'same-bytes': 'same bytes',
  'same-outcomes': 'same outcomes',
  'within-tolerance': 'within tolerance',
  differs: 'differs',
}

/** What came of computing a number again, for people. */
export function renderJudged(judged: JudgedReproduction): string {
  const { measurementId, verdict, firstStage, correct, total, recordedCorrect, changedImages, stages } = judged
  const where = firstStage === null ? '' : `, first at stage ${firstStage}`
  const environments = [...new Set(stages.flatMap(({ otherEnvironment }) => otherEnvironment))]
  const packages = [...new Set(stages.flatMap(({ otherPackages }) => otherPackages))]
  return [
    `measurement ${measurementId.slice(0, 12)}: ${meanings[verdict]}${where}`,
    `  ${recordedCorrect}/${total} recorded, ${correct}/${total} (${percent(correct / total)}) now; ${count(changedImages, 'image')} changed`,
    ...stages.map(
      ({ stage, seconds, otherBytes }) =>
        `  ${stage} (${duration(seconds)}): ${otherBytes.length === 0 ? 'same bytes' : `other ${otherBytes.join(', ')}`}`,
    ),
    ...(environments.length > 0 ? [`  another environment class: ${environments.join('; ')}`] : []),
    ...(packages.length > 0 ? [`  other packages: ${packages.slice(0, 5).join('; ')}`] : []),
  ].join('\n')
}
