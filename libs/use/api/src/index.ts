export { createApi, type PageFile } from './create-api.ts'
export { PoolUnknown, type ApiDependencies, type StudyAction } from './dependencies.ts'
export { TokenNeeded } from './safety/access.ts'
export { AddressUnusable, serveApi, type ApiServer } from './serve-api.ts'
