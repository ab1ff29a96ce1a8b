export {
  DigestMismatch,
  DiskFull,
  SourceForbidden,
  SourceNotFound,
  SourceUnreachable,
  UnusableSource,
} from './download-errors.mjs'
export { digestOfFile, download } from './download.mjs'
export { exclusively } from './exclusive.mjs'
export { fetchSource, identifySource, type FetchOptions } from './fetch-source.ts'
export { parseSource, type Source } from './parse-source.ts'
export { bootIdentity, identityFromStat, processIdentity } from './process-identity.mjs'
export { writeFileAtomically } from './write-file-atomically.mjs'
