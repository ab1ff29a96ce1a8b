import { emptyFolder } from '@gauntlet/files/fixtures/empty-folder'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { callCommand } from './call-command.fixture.ts'
import { addInit } from './init.ts'

it('says what is wrong with the answers, and names no place in a file that is not left behind', async () => {
  const folder = emptyFolder()
  const flags = ['--data', 'digits', '--backbones', 'resnet50.a1_in1k', '--losses', 'trades', '--budget', 'minutes']
  await expect(callCommand(addInit, 'init', join(folder, 'my.study.yaml'), ...flags)).rejects.toThrow(
    /^'trades' is not a known loss; did you mean 'TRADES'\?$/,
  )
  expect(readdirSync(folder)).toEqual([])
})
