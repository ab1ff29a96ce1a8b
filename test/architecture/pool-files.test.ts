import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'

const root = resolve(import.meta.dirname, '../..')
const pools = join(root, 'infra/pools')

/** Variables that workers read, and those of others that the files set. */
const variables =
  /^(GAUNTLET_(POOL|ARTIFACTS|CACHE|DEVICE|DEVICES|METRICS|DB_PASSWORD)|TEMPORAL_(ADDRESS|TLS_\w+)|DATABASE_URL|POSTGRES_\w+)$/

/** The sources that a command starts. */
function sourcesIn(command: readonly string[]): string[] {
  return command.filter((word) => /^workers\/.*\.ts$/.test(word))
}

interface Service {
  readonly build?: { readonly context: string; readonly dockerfile: string }
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly volumes?: readonly string[]
  readonly networks?: readonly string[]
  readonly depends_on?: Readonly<Record<string, unknown>>
}

describe('the compose file', () => {
  const file = parse(readFileSync(join(pools, 'compose/compose.yaml'), 'utf8'), { merge: true }) as {
    readonly services: Readonly<Record<string, Service>>
    readonly volumes: Readonly<Record<string, unknown>>
    readonly networks: Readonly<Record<string, unknown>>
  }

  it.each(Object.entries(file.services))('names nothing in %s that is not there', (_, service) => {
    for (const volume of service.volumes ?? []) expect(file.volumes).toHaveProperty(volume.split(':')[0]!)
    for (const network of service.networks ?? []) expect(file.networks).toHaveProperty(network)
    for (const other of Object.keys(service.depends_on ?? {})) expect(file.services).toHaveProperty(other)
    for (const name of Object.keys(service.environment ?? {})) expect(name).toMatch(variables)
    for (const source of sourcesIn(service.command ?? [])) expect(existsSync(join(root, source))).toBe(true)
    if (service.build)
      expect(existsSync(join(pools, 'compose', service.build.context, service.build.dockerfile))).toBe(true)
  })

  it('gives a GPU worker neither the database nor a way to it or to the internet', () => {
    const { environment, networks } = file.services['gpu-worker']!
    expect(Object.keys(environment!)).not.toContain('DATABASE_URL')
    expect(networks).toEqual(['work'])
    expect(file.services['postgres']!.networks).toEqual(['database'])
    expect(file.networks['work']).toEqual({ internal: true })
  })
})

interface Named {
  readonly name: string
}

interface Deployment {
  readonly selector: { readonly matchLabels: object }
  readonly template: {
    readonly metadata: { readonly labels: object }
    readonly spec: { readonly containers: readonly [Container]; readonly volumes: readonly Volume[] }
  }
}

interface Container {
  readonly command: readonly string[]
  readonly env: readonly Named[]
  readonly envFrom: readonly { readonly configMapRef: Named }[]
  readonly volumeMounts: readonly Named[]
}

interface Volume extends Named {
  readonly persistentVolumeClaim?: { readonly claimName: string }
  readonly secret?: { readonly secretName: string }
}

describe('the Kubernetes file', () => {
  const documents = parseAllDocuments(readFileSync(join(pools, 'kubernetes/worker.yaml'), 'utf8'))
  const objects = documents.map(
    (each) => each.toJS() as { readonly kind: string; readonly metadata: Named; readonly spec: unknown },
  )
  const named = (kind: string) => objects.filter((each) => each.kind === kind).map(({ metadata }) => metadata.name)
  const specOf = (kind: string) => objects.find((each) => each.kind === kind)!.spec

  it('is YAML without mistakes', () => {
    expect(documents.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([])
  })

  it('refers to what it defines, or what its page says to make', () => {
    const { selector, template } = specOf('Deployment') as Deployment
    const { containers, volumes } = template.spec
    const [container] = containers
    expect(template.metadata.labels).toMatchObject(selector.matchLabels)
    expect(named('ConfigMap')).toEqual(container.envFrom.map(({ configMapRef }) => configMapRef.name))
    const claims = volumes.flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? [])
    expect(named('PersistentVolumeClaim')).toEqual(claims)
    expect(container.volumeMounts.map(({ name }) => name)).toEqual(volumes.map(({ name }) => name))
    const page = readFileSync(join(pools, 'kubernetes/README.md'), 'utf8')
    for (const { secret } of volumes) if (secret) expect(page).toContain(`secret generic ${secret.secretName}`)
    for (const { name } of container.env) expect(name).toMatch(variables)
    for (const source of sourcesIn(container.command)) expect(existsSync(join(root, source))).toBe(true)
    const policy = specOf('NetworkPolicy') as { readonly podSelector: { readonly matchLabels: object } }
    expect(template.metadata.labels).toMatchObject(policy.podSelector.matchLabels)
  })
})

describe.each(readdirSync(join(pools, 'systemd')).filter((name) => name.endsWith('.service')))(
  'the unit %s',
  (name) => {
    const lines = readFileSync(join(pools, 'systemd', name), 'utf8').split('\n')

    it('has settings in their sections, and starts what is there', () => {
      const sections = lines.filter((line) => line.startsWith('['))
      expect(sections).toEqual(['[Unit]', '[Service]', '[Install]'])
      for (const line of lines.filter((each) => each && !/^[#[]/.test(each))) expect(line).toMatch(/^[A-Z][A-Za-z]+=\S/)
      const started = lines.find((line) => line.startsWith('ExecStart='))!.split(' ')
      expect(sourcesIn(started)).toHaveLength(1)
      for (const source of sourcesIn(started)) expect(existsSync(join(root, source))).toBe(true)
    })

    it('leaves device processes to their worker', () => {
      if (name.startsWith('gauntlet-worker')) expect(lines).toContain('KillMode=mixed')
      else expect(lines.join()).not.toContain('GAUNTLET_POOL')
    })
  },
)

it.each(['README.md', 'slurm.md', ...['systemd', 'compose', 'kubernetes'].map((name) => `${name}/README.md`)])(
  'the page %s names files that are there',
  (page) => {
    const text = readFileSync(join(pools, page), 'utf8')
    for (const [path] of text.matchAll(/\b(infra|workers|test)\/[\w@./-]+\.\w+/g))
      expect(existsSync(join(root, path)), path).toBe(true)
  },
)
