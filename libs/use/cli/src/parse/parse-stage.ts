import type { StageName } from '@gauntlet/study'
import { Misuse } from '../command-failed.ts'

/** The name of a stage, of those given. */
export function parseStage<Name extends StageName>(text: string, among: readonly Name[]): Name {
  const found = among.find((name) => name === text)
  if (found === undefined) throw new Misuse(`There is no stage ${text}; choose among ${among.join(', ')}.`)
  return found
}
