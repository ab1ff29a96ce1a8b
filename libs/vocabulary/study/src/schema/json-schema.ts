import { z } from 'zod'
import { studySchema } from './study-schema.ts'

/** The study file's schema for editors (JSON Schema 2020-12): completion, descriptions and checks while typing. */
export function studyJsonSchema(): object {
  return { title: 'Gauntlet study', ...z.toJSONSchema(studySchema, { io: 'input' }) }
}
