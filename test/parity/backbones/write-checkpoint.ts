import { writeFileSync } from 'node:fs'
import { backboneFor } from '@gauntlet/backbones'
import { fromParameters, loadStrictly, toParameters, writeSafetensors } from '@gauntlet/weights'
import { hashFilled, type StateDictEntry } from './hash-filling.ts'

/**
 * Writes a backbone with hash-filled weights as a study writes its checkpoints, for check_checkpoint.py to open:
 * `npx tsx test/parity/backbones/write-checkpoint.ts <id> <classes> <file>`.
 */
const [id, classes, file] = process.argv.slice(2) as [string, string, string]
const specifications = backboneFor(id).specifications(Number(classes))
const entries = specifications.map(({ name, shape, kind }): StateDictEntry => [
  name,
  shape,
  kind === 'counter' ? 'int64' : 'float32',
])
const shared = specifications.flatMap(({ name, sharedWith }) =>
  sharedWith === undefined ? [] : [[name, sharedWith] as const],
)
const { arrays } = loadStrictly(hashFilled(entries, Object.fromEntries(shared)), specifications)
writeFileSync(file, writeSafetensors(fromParameters(toParameters(arrays, specifications), specifications)))
