import { implementedBackbones } from '@gauntlet/backbones'
import {
  compareEvaluation,
  compareFaint,
  compareTraining,
  compareWithReference,
  holds,
  parameterCount,
  type Finding,
} from './comparison.ts'
import { readFixture } from './fixture.ts'

/**
 * Prints every difference of backbones from their references: `npx tsx test/parity/backbones/compare.ts <id>… [--all]`.
 * With `--all` it also prints what agrees.
 */
const all = process.argv.includes('--all')
const ids = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))

for (const id of ids.length > 0 ? ids : implementedBackbones) {
  const started = performance.now()
  try {
    const comparison = compareWithReference(id)
    const { backbone, fixture, specifications } = comparison
    const count = parameterCount(specifications, fixture)
    const misnamed = specifications.findIndex(({ name }, i) => name !== fixture.stateDict[i]?.[0])
    if (misnamed >= 0)
      console.log(
        `  ORDER: tensor ${misnamed} is ${specifications[misnamed]!.name}, not ${fixture.stateDict[misnamed]?.[0]}`,
      )
    if (count !== fixture.parameters) console.log(`  PARAMETERS: ${count} instead of ${fixture.parameters}`)
    if (JSON.stringify(backbone.normalisation) !== JSON.stringify(fixture.normalisation))
      console.log(`  NORMALISATION (${fixture.contract}):`, backbone.normalisation, 'instead of', fixture.normalisation)
    print([...compareEvaluation(comparison), compareFaint(comparison), ...compareTraining(comparison)])
    comparison.dispose()
  } catch (error) {
    console.log(`  ${error instanceof Error ? error.stack : String(error)}`)
  }
  console.log(`${id}: ${((performance.now() - started) / 1000).toFixed(1)} s, ${readFixture(id).side} px`)
}

function print(findings: readonly Finding[]): void {
  for (const finding of findings.filter(
    (one) => all || !holds(one) || one.what.includes('logits') || one.what.includes('cosine'),
  )) {
    const { what, measured, limit } = finding
    console.log(
      `  ${holds(finding) ? 'ok   ' : 'WRONG'} ${what}: ${measured.toExponential(1)} (limit ${limit.toExponential(1)})`,
    )
  }
}
