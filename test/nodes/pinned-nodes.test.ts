import { newestTried } from '@gauntlet/infra'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, it } from 'vitest'
import { newestNode, nodeProgram, pinnedNodes } from './pinned-nodes.ts'

it('the Nodes that are tried are those that package.json, doctor and set-up speak of', () => {
  const majors = pinnedNodes.map(({ version }) => Number(version.split('.')[0]))
  expect(majors).toEqual([20, 22, 24, 26])
  expect(majors.at(-1)).toBe(newestTried)
  const { engines } = JSON.parse(readFileSync(resolve(import.meta.dirname, '../../package.json'), 'utf8')) as {
    engines: { node: string }
  }
  expect(engines.node).toBe(`>=20.19 <${newestTried + 1}`)
})

it('the newest is fetched, and is what it is called', async () => {
  const said = execFileSync(await nodeProgram(newestNode), ['--version'], { encoding: 'utf8' })
  expect(said.trim()).toBe(`v${newestNode.version}`)
}, 300_000)
