import { plain, formNamed, type Form } from './forms.ts'

/** The environment variable that names the form of all programs of a process. */
export const formVariable = 'GAUNTLET_FORM'

/**
 * The form in which this process compiles its programs: the one that its environment names, else plain. It is part of
 * the environment class.
 */
export function processForm(variables: NodeJS.ProcessEnv = process.env): Form {
  const name = variables[formVariable]
  return name === undefined ? plain : formNamed(name)
}
