import { writeFileSync } from 'node:fs'
import { backboneFor } from '@gauntlet/backbones'
import { fromParameters, loadStrictly, toParameters, writeSafetensors } from '@gauntlet/weights'
import { hashFilledModel } from './hash-filling.ts'

/**
 * Writes a backbone with hash-filled weights as a study writes its checkpoints, so that check_checkpoint.py can open
 * it: `npx tsx test/parity/backbones/write-checkpoint.ts <id> <classes> <file>`.
 */
const [id, classes, file] = process.argv.slice(2) as [string, string, string]
const specifications = backboneFor(id).specifications(Number(classes))
const arrays = loadStrictly(hashFilledModel(specifications), specifications)
writeFileSync(file, writeSafetensors(fromParameters(toParameters(arrays, specifications), specifications)))
