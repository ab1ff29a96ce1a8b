import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The text of the smallest study that ships: 2 configurations × 5 perturbations. */
export const smoke = readFileSync(
  join(dirname(fileURLToPath(import.meta.resolve('@gauntlet/study'))), '../studies/smoke.study.yaml'),
  'utf8',
)

/** `smoke` under another name and with some of its lines replaced; throws where it has no such line. */
export function variant(name: string, ...replacements: readonly (readonly [line: string, by: string])[]): string {
  const lines = [['name: smoke', `name: ${name}`] as const, ...replacements]
  return lines.reduce((text, [line, by]) => {
    if (!text.includes(`\n${line}\n`)) throw new Error(`the smoke study has no line ${JSON.stringify(line)}`)
    return text.replace(`\n${line}\n`, `\n${by}\n`)
  }, smoke)
}

/** Four of the ten cells of `smoke`: both configurations, unperturbed and under one attack. */
export const narrow = variant('narrow', [
  '  - { name: L2, epsilon: 0.3 }\n  - { name: L1, epsilon: 4 }\n  - common',
  '  # and no more',
])
