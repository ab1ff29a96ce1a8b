import { parseArgs } from 'node:util'
import { norms } from '../../parity/attacks/digit-models.ts'
import { AttackBenchmarkInvalid } from './attack-benchmark-invalid.ts'
import { models, type ModelName } from './models.ts'
import { layouts } from './task.ts'

/** The options of the command line. */
export type Options = ReturnType<typeof parseOptions>

export function parseOptions(given: string[]) {
  const { values } = parseArgs({
    args: given,
    options: {
      reference: { type: 'string' },
      'without-reference': { type: 'boolean', default: false },
      tiers: { type: 'boolean', default: false },
      images: { type: 'string', default: '1000' },
      norms: { type: 'string', default: 'Linf,L2,L1' },
      models: { type: 'string', default: Object.keys(models).join(',') },
      threads: { type: 'string', default: '2' },
      batch: { type: 'string', default: '500' },
      layout: { type: 'string' },
      'second-seed': { type: 'boolean', default: false },
    },
  })
  if (!values.reference && !values['without-reference'] && !values.tiers) {
    throw new AttackBenchmarkInvalid(
      'Give --reference, a checkout of github.com/fra31/auto-attack at a3922004, or --without-reference, or --tiers.',
    )
  }
  return {
    reference: values.reference,
    tiers: values.tiers,
    images: wholeNumber('images', values.images, 1000),
    norms: chosen('norms', values.norms, norms),
    models: chosen('models', values.models, Object.keys(models) as ModelName[]),
    threads: wholeNumber('threads', values.threads),
    batch: wholeNumber('batch', values.batch),
    layout: values.layout === undefined ? undefined : chosen('layout', values.layout, layouts)[0]!,
    secondSeed: values['second-seed'],
  }
}

function wholeNumber(option: string, value: string, most = Infinity): number {
  const number = Number(value)
  if (Number.isInteger(number) && number > 0 && number <= most) return number
  throw new AttackBenchmarkInvalid(`--${option} is ${JSON.stringify(value)}; give a whole number from 1 to ${most}.`)
}

function chosen<Name extends string>(option: string, value: string, known: readonly Name[]): Name[] {
  const unknown = value.split(',').find((name) => !(known as readonly string[]).includes(name))
  if (unknown !== undefined)
    throw new AttackBenchmarkInvalid(`--${option} has no ${JSON.stringify(unknown)}; choose from ${known.join(',')}.`)
  return known.filter((name) => value.split(',').includes(name))
}
