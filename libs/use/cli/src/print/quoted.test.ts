import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { quoted } from './quoted.ts'

it('leaves plain paths and names as they are', () => {
  expect(['quickstart', '../my.study.yaml', '/a/b-c_1:2@3'].map(quoted)).toEqual([
    'quickstart',
    '../my.study.yaml',
    '/a/b-c_1:2@3',
  ])
})

it.each(['', 'my study.yaml', "it's", '$HOME/`id`', 'a;b&c', '~/x', 'größe', 'a\nb', '*'])(
  'writes %j so that a shell gives the same word back',
  (word) => {
    expect(execFileSync('sh', ['-c', `printf %s ${quoted(word)}`]).toString()).toBe(word)
  },
)
