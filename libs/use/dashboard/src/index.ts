export { buildPage } from './build-page.ts'
