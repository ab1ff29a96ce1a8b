import { download } from './download.mjs'

const [url = '', sha256 = '', file = ''] = process.argv.slice(2)
await download({ url, sha256, file, pause: process.env['PAUSE'] ? Number(process.env['PAUSE']) : undefined })
