import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { studyJsonSchema } from '../src/index.ts'

/** Writes the JSON Schema that editors check study files with: `npm run schema --workspace @gauntlet/study`. */
const file = fileURLToPath(new URL('../studies/study.schema.json', import.meta.url))
writeFileSync(file, `${JSON.stringify(studyJsonSchema(), null, 2)}\n`)
console.log(`Wrote ${file}.`)
