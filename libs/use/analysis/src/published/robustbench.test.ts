import { describe, expect, it } from 'vitest'
import { parseRobustBench } from './robustbench.ts'
import { PublishedTableInvalid } from './table-invalid.ts'

/** The facts of model_info/imagenet/Linf/Engstrom2019Robustness.json. */
const engstrom = {
  link: 'https://github.com/MadryLab/robustness',
  name: 'Robustness library',
  dataset: 'imagenet',
  venue: 'GitHub,<br>Oct 2019',
  architecture: 'ResNet-50',
  eps: '4/255',
  clean_acc: '62.56',
  reported: '33.38',
  autoattack_acc: '29.22',
  unreliable: false,
}
const path = 'model_info/imagenet/Linf/Engstrom2019Robustness.json'

describe('an entry of RobustBench', () => {
  it('has its model and threat from its path, and its accuracies from percentages', () => {
    expect(parseRobustBench(JSON.stringify(engstrom), path)).toEqual({
      id: 'Engstrom2019Robustness',
      dataset: 'imagenet',
      threat: 'Linf',
      epsilon: '4/255',
      architecture: 'ResNet-50',
      venue: 'GitHub, Oct 2019',
      link: 'https://github.com/MadryLab/robustness',
      clean: expect.closeTo(0.6256, 12),
      robust: expect.closeTo(0.2922, 12),
      unreliable: false,
    })
  })

  it('is as robust as the strongest attack known', () => {
    const robust = (external: string) => parseRobustBench(JSON.stringify({ ...engstrom, external }), path).robust
    expect(robust('28.1')).toBeCloseTo(0.281, 12)
    expect(robust('31')).toBeCloseTo(0.2922, 12)
  })

  it('of corruptions has the accuracy on them, and no radius', () => {
    const entry = { clean_acc: '94.78', corruptions_acc: '73.46', eps: '0.5', reported: '' }
    const found = parseRobustBench(JSON.stringify(entry), 'cifar10/corruptions/Standard.json')
    expect(found).toMatchObject({ threat: 'corruptions', epsilon: null, unreliable: null, architecture: '' })
    expect([found.clean, found.robust]).toEqual([expect.closeTo(0.9478, 12), expect.closeTo(0.7346, 12)])
  })

  it.each([
    ['{', path, 'it is not JSON'],
    ['[]', path, 'it is not an object'],
    ['{}', path, 'it has no clean_acc'],
    ['{"clean_acc": 50}', path, 'it has no autoattack_acc'],
    ['{"clean_acc": 50}', 'cifar10/corruptions/x.json', 'it has no corruptions_acc'],
    ['{"clean_acc": "162", "autoattack_acc": 1}', path, 'its clean_acc is "162", which is no percentage'],
    ['{"clean_acc": true, "autoattack_acc": 1}', path, 'its clean_acc is true, which is no percentage'],
    ['{}', 'x.json', 'its path does not end in <dataset>/<Linf or L2 or corruptions>/<model>.json'],
  ])('%s at %s is refused in one sentence', (text, at, reason) => {
    const message = `${at} is no entry of RobustBench's model_info: ${reason}.`
    expect(() => parseRobustBench(text, at)).toThrow(expect.objectContaining({ message }))
    expect(() => parseRobustBench(text, at)).toThrow(PublishedTableInvalid)
  })
})
