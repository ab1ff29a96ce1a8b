export * from './backbone.ts'
export { ResolutionUnsupported } from './fixed-resolution.ts'
export * from './fresh-head.ts'
export * from './registry.ts'
