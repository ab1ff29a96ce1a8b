export { contactSheet, differenceTile, type Tile } from './contact-sheet.ts'
export { encodePng, type Picture } from './png.ts'
