import { SourceNotFound } from './download-errors.mjs'
import { printableAddress, readText } from './http-stream.mjs'
import { retrying } from './retry.mjs'

/**
 * A file of an index: its address, and its digest where the index gives one.
 * @typedef {{ url: string, sha256: string | undefined }} IndexedFile
 */

/**
 * The index that pip would ask: `PIP_INDEX_URL`, else PyPI.
 * @param {NodeJS.ProcessEnv} environment
 */
function indexAddress(environment) {
  return `${(environment['PIP_INDEX_URL'] || 'https://pypi.org/simple').replace(/\/+$/, '')}/`
}

/**
 * The form in which project names are compared (PEP 503).
 * @param {string} project
 */
function normalisedProject(project) {
  return project.replace(/[-_.]+/g, '-').toLowerCase()
}

/**
 * Finds a wheel in the simple index, in JSON (PEP 691) or, from older mirrors, HTML (PEP 503).
 * @param {string} project
 * @param {string} wheel file name
 * @param {{ signal?: AbortSignal | undefined, pause?: number | undefined }} [options]
 * @param {NodeJS.ProcessEnv} [environment]
 * @returns {Promise<IndexedFile>}
 */
export async function findWheel(project, wheel, { signal, pause } = {}, environment = process.env) {
  const page = `${indexAddress(environment)}${normalisedProject(project)}/`
  const headers = { accept: 'application/vnd.pypi.simple.v1+json, text/html;q=0.5' }
  const answer = await retrying(() => readText({ url: page, headers, signal }), { signal, pause })
  const isJson = answer.headers.get('content-type')?.includes('json')
  const found = (isJson ? filesOfJson(answer.text) : filesOfHtml(answer.text)).get(wheel)
  if (!found) throw new SourceNotFound(`${printableAddress(page)} has no ${wheel}; correct the name of the wheel.`)
  return { sha256: found.sha256, url: withCredentialsOf(page, new URL(found.url, answer.url)) }
}

/**
 * @param {string} text
 * @returns {Map<string, IndexedFile>}
 */
function filesOfJson(text) {
  /** @type {{ files: { filename: string, url: string, hashes: { sha256?: string } }[] }} */
  const { files } = JSON.parse(text)
  return new Map(files.map(({ filename, url, hashes }) => [filename, { url, sha256: hashes.sha256 }]))
}

/**
 * @param {string} text
 * @returns {Map<string, IndexedFile>}
 */
function filesOfHtml(text) {
  const links = text.matchAll(/<a\s[^>]*href="([^"]+)"[^>]*>([^<]+)<\/a>/gi)
  return new Map(
    [...links].map(([, link = '', name = '']) => {
      const [url = '', fragment = ''] = link.replaceAll('&amp;', '&').split('#')
      return [name.trim(), { url, sha256: /sha256=([0-9a-f]{64})/.exec(fragment)?.[1] }]
    }),
  )
}

/**
 * The address of a file, with the credentials of the page where both are on one host: a private mirror wants them for
 * its files too. Other hosts must not see them.
 * @param {string} page
 * @param {URL} file
 */
function withCredentialsOf(page, file) {
  const { host, username, password } = new URL(page)
  return host === file.host ? Object.assign(file, { username, password }).href : file.href
}
