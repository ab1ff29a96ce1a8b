import { studyGrid, type GridConfiguration } from '@gauntlet/ledger'
import type { Digest } from '@gauntlet/study'
import { PartUnknown } from './part-unknown.ts'
import type { RecordSources } from './seal-study.ts'

/**
 * The configurations of a study in which each named factor has one of the values given for it. Throws `StudyUnknown`,
 * and `PartUnknown` for a value that none has, or where none has all of them.
 */
export async function configurationsWhere(
  { db }: Pick<RecordSources, 'db'>,
  nameOrId: string,
  factors: Readonly<Record<string, readonly string[]>>,
): Promise<Digest[]> {
  const { study, configurations } = await studyGrid(db, nameOrId)
  const asked = Object.entries(factors)
  for (const [factor, values] of asked) {
    const levels = new Set(configurations.map((one) => levelOf(one, factor)))
    const unknown = values.find((value) => !levels.has(value))
    if (unknown !== undefined)
      throw new PartUnknown(
        `No configuration of ${study.name} has ${factor}=${unknown}; it has ${[...levels].slice(0, 20).join(', ')}.`,
      )
  }
  const found = configurations.filter((one) =>
    asked.every(([factor, values]) => values.includes(levelOf(one, factor)!)),
  )
  if (found.length === 0)
    throw new PartUnknown(`No configuration of ${study.name} has all that was asked for; ask for less.`)
  return found.map(({ id }) => id)
}

function levelOf({ configuration: c }: GridConfiguration, factor: string): string | undefined {
  const names = { dataset: c.dataset.id, backbone: c.backbone.id, loss: c.loss, protocol: c.protocol.id }
  return ({ ...names, seed: String(c.seed) } as Readonly<Record<string, string>>)[factor]
}
