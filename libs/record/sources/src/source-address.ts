import { basename } from 'node:path'
import { hubToken } from './hub-client.ts'
import type { Source } from './parse-source.ts'
import { isLoopback } from './proxy.mjs'

/** A source that is a file of its own on a server. */
export type RemoteSource = Extract<Source, { kind: 'npm' | 'hf' | 'web' }>

/** The address of a file, with the headers that the server wants. */
export interface Address {
  readonly url: string
  readonly headers?: Record<string, string>
}

/**
 * The addresses of a source, in the order in which to try them. The usual variables replace registries and the hub by
 * mirrors; `HF_ENDPOINT` may name several, separated by commas.
 */
export function addressesOf(source: RemoteSource, environment = process.env): readonly Address[] {
  switch (source.kind) {
    case 'web':
      return [{ url: source.url }]
    case 'npm': {
      const registry = baseAddress(environment['npm_config_registry'], 'https://registry.npmjs.org')
      return [{ url: `${registry}/${source.name}/-/${basename(source.name)}-${source.version}.tgz` }]
    }
    case 'hf': {
      const path = source.file.split('/').map(encodeURIComponent).join('/')
      return hubAddresses(`${source.repository}/resolve/${encodeURIComponent(source.revision)}/${path}`, environment)
    }
  }
}

/** A path of the hub at each of its endpoints, with the token for the one that it belongs to. */
export function hubAddresses(path: string, environment = process.env): readonly Address[] {
  return hubEndpoints(environment).map((endpoint, _, all) => ({
    url: `${endpoint}/${path}`,
    ...hubAuthorization(endpoint, all, environment),
  }))
}

/**
 * The header with the hub's token, for the hub that it belongs to: huggingface.co where it is among the endpoints, else
 * the first of them. The others are mirrors, which must not see it. It never travels unencrypted to another machine.
 */
function hubAuthorization(
  endpoint: string,
  endpoints: readonly string[],
  environment: NodeJS.ProcessEnv,
): Pick<Address, 'headers'> {
  const isOwner = endpoint === (endpoints.find(isHuggingFace) ?? endpoints[0])
  const { protocol, hostname } = new URL(endpoint)
  const token = isOwner && (protocol === 'https:' || isLoopback(hostname)) ? hubToken(environment) : undefined
  return token ? { headers: { authorization: `Bearer ${token}` } } : {}
}

function isHuggingFace(endpoint: string): boolean {
  return /(^|\.)huggingface\.co$/.test(new URL(endpoint).hostname)
}

function hubEndpoints(environment: NodeJS.ProcessEnv): string[] {
  const written = (environment['HF_ENDPOINT'] ?? '').split(',').map((endpoint) => endpoint.trim())
  const endpoints = written.filter((endpoint) => endpoint !== '')
  return (endpoints.length > 0 ? endpoints : ['https://huggingface.co']).map((endpoint) => baseAddress(endpoint, ''))
}

/** The name of the file in the cache: the last part of the source, with unsafe characters replaced by `_`. */
export function fileNameOf(source: Exclude<Source, { kind: 'file' | 'hf-folder' }>): string {
  return basename(longNameOf(source))
    .replace(/[^\w.-]/g, '_')
    .replace(/^\.*$/, 'file')
}

function longNameOf(source: Exclude<Source, { kind: 'file' | 'hf-folder' }>): string {
  switch (source.kind) {
    case 'pypi':
      return source.member
    case 'npm':
      return source.member ?? `${basename(source.name)}-${source.version}.tgz`
    case 'hf':
      return source.file
    case 'web':
      return new URL(source.url).pathname
  }
}

function baseAddress(configured: string | undefined, standard: string): string {
  return (configured || standard).replace(/\/+$/, '')
}
