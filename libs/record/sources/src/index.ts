export {
  DigestMismatch,
  SourceForbidden,
  SourceNotFound,
  SourceUnreachable,
  UnusableSource,
} from './download-errors.mjs'
export { fetchSource, identifySource } from './fetch-source.ts'
export { filesOfFolder } from './folder-digest.ts'
