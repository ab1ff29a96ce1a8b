import { byCodePoint } from '@gauntlet/files'
import type { Scan } from '../scan-files.ts'
import { sortedClasses, splitNamed, type Labelling } from './layout.ts'

/**
 * A folder for each class, with images at any depth in it, as torchvision's ImageFolder reads them; or `train`, `val`
 * and `test`, each with such folders. Folders around the whole (`flowers/train/…`) are passed through. Images outside
 * of class folders do not count.
 */
export function classFolders({ images }: Scan): Labelling | undefined {
  const names = [...images.keys()].sort(byCodePoint)
  const depth = foldersAround(names)
  const located = names.map((name) => ({ name, parts: name.split('/').slice(depth) }))
  const tops = new Set(located.filter(({ parts }) => parts.length > 2).map(({ parts }) => splitNamed(parts[0]!)))
  const hasSplits = [...tops].filter((split) => split !== undefined).length > 1
  const labelled = located.flatMap(({ name, parts }) => {
    const split = hasSplits ? splitNamed(parts[0]!) : null
    const folder = hasSplits ? parts[1] : parts[0]
    return split === undefined || parts.length < (hasSplits ? 3 : 2) ? [] : [{ name, split, folder: folder! }]
  })
  if (labelled.length === 0) return undefined
  const classNames = sortedFolders(labelled.map(({ folder }) => folder))
  const labels = new Map(classNames.map((name, label) => [name, label]))
  return {
    format: hasSplits ? 'train, val and test with a folder for each class' : 'a folder for each class',
    classNames,
    images: labelled.map(({ name, split, folder }) => ({ name, split, label: labels.get(folder)! })),
  }
}

/** Folders are sorted as ImageFolder does: always as texts. */
function sortedFolders(folders: readonly string[]): string[] {
  return sortedClasses(folders).sort(byCodePoint)
}

/** How many folders hold everything there is and are neither a class nor a split. */
function foldersAround(names: readonly string[]): number {
  for (let depth = 0; ; depth++) {
    const folders = new Set(names.map((name) => name.split('/').slice(0, -1)[depth]))
    const [only] = folders
    const isAround = folders.size === 1 && only !== undefined && splitNamed(only) === undefined
    if (!isAround || !names.every((name) => name.split('/').length > depth + 2)) return depth
  }
}
