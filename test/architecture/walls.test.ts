import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createProjectGraph, lint, runOxlint, WallsUnchecked, type LintRun } from '../check/lint.ts'
import { breaches } from './breaches.ts'
import { WorkspaceCopy } from '@gauntlet/infra/fixtures/workspace-copy'

/** A finding in oxlint's JSON report. */
interface Finding {
  readonly code: string
  readonly message: string
  readonly help?: string
  readonly filename: string
}

describe('the walls between rooms', () => {
  const wallsAlone = ['--config', 'test/architecture/walls.oxlintrc.json', '--allow', 'correctness']
  let copy: WorkspaceCopy
  let clean: LintRun
  let findings: readonly Finding[]

  beforeAll(() => {
    copy = new WorkspaceCopy()
    clean = lint(copy.folder, wallsAlone)
    for (const { file, source } of breaches)
      copy.write(file, source.startsWith('import') ? `${source}\nexport { breach }\n` : `${source}\n`)
    findings = (JSON.parse(runOxlint(copy.folder, ['--format=json']).output) as { diagnostics: Finding[] }).diagnostics
  })

  afterAll(() => copy.remove())

  it('are not broken in the present tree', () => {
    expect(clean.output).toMatch(/Found 0 warnings and 0 errors/)
    expect(clean.passed).toBe(true)
  })

  it.each(breaches.map((breach) => [`${breach.file.replace(/\/planted.*/, '')}: ${breach.source}`, breach] as const))(
    'refuse, in %s',
    (_name, breach) => {
      const found = findings.filter((finding) => finding.filename === breach.file && finding.code === breach.rule)
      expect(found.map((finding) => `${finding.message} ${finding.help ?? ''}`).join('\n')).toMatch(breach.says)
    },
  )

  it.each(['vocabulary', 'science', 'record', 'use'])('refuse a room without a layer under libs/%s', (floor) => {
    copy.write(`libs/${floor}/layerless/package.json`, '{ "name": "@gauntlet/layerless", "version": "0.0.0" }')
    expect(() => lint(copy.folder)).toThrow(/@gauntlet\/layerless: give the package.json an `nx.tags`/)
    rmSync(join(copy.folder, `libs/${floor}/layerless`), { recursive: true })
  })

  it('fail when there is no project graph to check against', () => {
    rmSync(join(copy.folder, '.nx'), { recursive: true })
    expect(() => runOxlint(copy.folder, wallsAlone)).toThrow(WallsUnchecked)
    expect(Object.keys(createProjectGraph(copy.folder))).toContain('@gauntlet/engine')
  })
})
