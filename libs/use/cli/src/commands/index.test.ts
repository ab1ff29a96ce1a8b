import { Command, type Option } from 'commander'
import { expect, it } from 'vitest'
import { addCommands } from './index.ts'

it('lists every command of --help in a group', async () => {
  const help = (await addCommands(new Command('gauntlet'), ['--help'])).helpInformation()
  const [, , ...groups] = help.split(/^(?=\S.*:$)/m) // the usage and the options come first
  const listed = groups.map((group) => [group.split('\n')[0], ...group.matchAll(/(?<=^ {2})[a-z]+/gm)].flat())
  expect(listed).toEqual([
    ['Studies:', ...'init plan run evaluate submit watch pause resume retry cancel extend note'.split(' ')],
    ['Reading:', ...'studies results trace rank analyze report diff dashboard'.split(' ')],
    ['Audit:', ...'verify reproduce doubt seal export import'.split(' ')],
    ['Data and models:', ...'datasets backbones probe'.split(' ')],
    ['Machine:', ...'doctor up down pool worker gc'.split(' ')],
    ['Help:', 'help'],
  ])
}, 60_000)

it('gives the defaults of times with their units', async () => {
  const optionsOf = ({ options, commands }: Command): readonly Option[] => [...options, ...commands.flatMap(optionsOf)]
  const times = optionsOf(await addCommands(new Command('gauntlet'), [])).filter(({ flags }) =>
    flags.includes('<time>'),
  )
  const defaults = times.map(({ long, defaultValue, defaultValueDescription: said }) => [long, said ?? defaultValue])
  expect(defaults).toEqual([
    ['--idle', '5m'],
    ['--drain', '2m'],
    ['--every', '30s'],
    ['--idle', undefined],
    ['--time', undefined],
    ['--grace', '7d'],
  ])
}, 60_000)

it('adds the called command alone', async () => {
  const { commands } = await addCommands(new Command('gauntlet'), ['--verbose', 'down'])
  expect(commands.map((command) => command.name())).toEqual(['down'])
})
