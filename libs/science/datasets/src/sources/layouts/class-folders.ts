import { byCodePoint } from '@gauntlet/files'
import { sortedClasses, splitNamed } from '../class-names.ts'
import type { Scan } from '../scan-files.ts'
import type { Labelling } from './layout.ts'

/**
 * A folder for each class, with images at any depth in it, as torchvision's ImageFolder reads them; or `train`, `val`
 * and `test`, each with such folders, or some of them. Folders around the whole (`flowers/train/…`) are passed through.
 * Images outside of class folders do not count, such as those of a `test` without labels.
 */
export function classFolders({ images }: Scan): Labelling | undefined {
  const names = [...images.keys()].sort(byCodePoint)
  const depth = foldersAround(names)
  const located = names.map((name) => ({ name, parts: name.split('/').slice(depth) }))
  const isSplit = areSplits(located.map(({ parts }) => parts))
  const labelled = located.flatMap(({ name, parts }) => {
    const split = isSplit ? splitNamed(parts[0]!) : null
    const folder = isSplit ? parts[1] : parts[0]
    return split === undefined || parts.length < (isSplit ? 3 : 2) ? [] : [{ name, split, folder: folder! }]
  })
  if (labelled.length === 0) return undefined
  const classNames = sortedFolders(labelled.map(({ folder }) => folder))
  const labels = new Map(classNames.map((name, label) => [name, label]))
  const hasTrainAlone = labelled.every(({ split }) => split === 'train')
  return {
    format: `${hasTrainAlone ? 'train with ' : isSplit ? 'train, val and test with ' : ''}a folder for each class`,
    classNames,
    images: labelled.map(({ name, split, folder }) => ({ name, split, label: labels.get(folder)! })),
  }
}

/**
 * Whether the outermost folders are splits: all of them are called so, or at least two are and one has folders in it. A
 * single one among others may be a class, such as trains among cars. parts: of each name
 */
function areSplits(parts: readonly (readonly string[])[]): boolean {
  const folders = new Set(parts.filter(({ length }) => length > 1).map(([first]) => first!))
  const splits = new Set([...folders].filter((folder) => splitNamed(folder) !== undefined))
  const hasClasses = () => parts.some(([first, , ...rest]) => rest.length > 0 && splits.has(first!))
  return splits.size > 0 && (splits.size === folders.size || (splits.size > 1 && hasClasses()))
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
