export { createApi, type PageFile } from './create-api.ts'
export type { ApiDependencies, DescribedPool, StudyAction } from './dependencies.ts'
export { TokenNeeded } from './safety/access.ts'
export { AddressUnusable, serveApi, type ApiServer } from './serve-api.ts'
