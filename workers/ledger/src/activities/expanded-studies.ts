import type { ArtifactStore } from '@gauntlet/artifacts'
import { expandStudy, parseStudy, type ArtifactReference, type Expansion, type Study } from '@gauntlet/study'

/** A study file from the artifact store, with what it says and the cells it stands for. */
interface ExpandedStudy {
  readonly study: Study
  /** The text of the file. */
  readonly text: string
  readonly expansion: Expansion
}

export type ExpandedStudies = (file: ArtifactReference) => Promise<ExpandedStudy>

/** Expands each study file once: the configurations of a study of 1,440 cells are asked for page by page. */
export function expandedStudies(store: Pick<ArtifactStore, 'read'>): ExpandedStudies {
  const known = new Map<string, Promise<ExpandedStudy>>()
  return (file) => {
    const expanded = known.get(file.digest) ?? expand(store, file)
    known.set(file.digest, expanded)
    expanded.catch(() => known.delete(file.digest)) // so that the next call reads the file again
    return expanded
  }
}

async function expand(store: Pick<ArtifactStore, 'read'>, file: ArtifactReference): Promise<ExpandedStudy> {
  const bytes = await store.read(file)
  const study = parseStudy(bytes, 'the recorded study file')
  return { study, text: new TextDecoder().decode(bytes), expansion: expandStudy(study) }
}
