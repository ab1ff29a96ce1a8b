import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backboneFacts } from './catalogue/backbone-catalogue.ts'
import { formatLock, lockFileName, parseLock, withLock, type SourceLock } from './source-lock.ts'
import { expandStudy, outlineStudy, parseStudy, studyId } from './study-file.ts'
import { StudyFileInvalid } from './schema/study-problem.ts'
import { tinyStudy, tinyStudyWith as tiny } from './tiny-study.fixture.ts'

const resnet = 'hf:timm/resnet50.a1_in1k/model.safetensors@main'
const commit = 'hf:timm/resnet50.a1_in1k/model.safetensors@0123456789abcdef0123456789abcdef01234567'
const [a, b] = ['a'.repeat(64), 'b'.repeat(64)]
const lock: SourceLock = new Map([[resnet, { source: commit, sha256: a }]])
const study = tiny({ backbones: '[resnet50.a1_in1k]' })

const digest = fc.stringMatching(/^[0-9a-f]{64}$/)
const source = fc.stringMatching(/^(?:hf|https|file|npm|pypi):[!-~]{1,60}$/)
const locks = fc
  .array(fc.tuple(source, fc.record({ source, sha256: digest })), { maxLength: 5 })
  .map((entries): SourceLock => new Map(entries))

describe('a lock file', () => {
  it('is read back as the pins it was written from, whatever the sources look like', () => {
    fc.assert(
      fc.property(locks, (drawn) => {
        fc.pre(drawn.size > 0)
        const read = parseLock(formatLock(drawn, 'f.study.yaml'), 'f.lock.yaml')
        expect(Object.fromEntries(read)).toEqual(Object.fromEntries(drawn))
      }),
    )
  })

  it('is the same text for the same pins, in whatever order they were found', () => {
    fc.assert(
      fc.property(locks, (drawn) => {
        expect(formatLock(new Map([...drawn].reverse()), 'f')).toBe(formatLock(drawn, 'f'))
      }),
    )
  })

  it.each([
    '',
    'lock: 2\nsources: {}',
    'lock: 1',
    `lock: 1\nsources: { "${resnet}": { source: "${commit}" } }`,
    'lock: 1\nsources: []',
  ])('that is %j is refused with its place', (text) => {
    expect(() => parseLock(text, 'f.lock.yaml')).toThrow(StudyFileInvalid)
    expect(() => parseLock(text, 'f.lock.yaml')).toThrow(/^f\.lock\.yaml:\d+:\d+: /)
  })

  it.each([
    ['smoke.study.yaml', 'smoke.lock.yaml'],
    ['folder/mine.yml', 'folder/mine.lock.yaml'],
    ['mine', 'mine.lock.yaml'],
  ])('of %s is %s', (file, name) => {
    expect(lockFileName(file)).toBe(name)
  })
})

describe('a study with its lock', () => {
  it('has exact sources and digests, which are part of every identity', () => {
    const locked = parseStudy(withLock(study, lock, 'f.study.yaml'), 'f.study.yaml')
    expect(expandStudy(locked).configurations[0]?.backbone).toMatchObject({ source: commit, sha256: a })
    const other = new Map([[resnet, { source: commit, sha256: b }]])
    expect(studyId(parseStudy(withLock(study, other, 'f.study.yaml'), 'f.study.yaml'))).not.toBe(studyId(locked))
  })

  it('is the same study as one that has the digest in the study file', () => {
    const written = tiny({ backbones: `[{ id: resnet50.a1_in1k, source: '${commit}', sha256: ${a} }]` })
    expect(studyId(parseStudy(written, 'f'))).toBe(studyId(parseStudy(withLock(study, lock, 'f'), 'f')))
  })

  it('has no identity while one source of it is unpinned', () => {
    const two = withLock(tiny({ backbones: '[resnet50.a1_in1k, coat_tiny.in1k]' }), lock, 'f')
    expect(outlineStudy(two, 'f').unpinned.map(({ source }) => source)).toEqual([
      backboneFacts('coat_tiny.in1k')!.weights!.source,
    ])
    expect(() => expandStudy(outlineStudy(two, 'f'))).toThrow('coat_tiny.in1k')
  })

  it('is not changed by pins of sources it does not use', () => {
    expect(studyId(parseStudy(withLock(tinyStudy, lock, 'f'), 'f'))).toBe(studyId(parseStudy(tinyStudy, 'f')))
  })

  it('that contradicts its lock is refused with both digests', () => {
    const contradicting = tiny({ backbones: `[{ id: resnet50.a1_in1k, sha256: ${b} }]` })
    expect(() => parseStudy(withLock(contradicting, lock, 'f.study.yaml'), 'f.study.yaml')).toThrow(
      `f.study.yaml:3:13: ${resnet} has SHA-256 ${b} here and ${a} in f.lock.yaml; remove the wrong one.`,
    )
  })

  it('has one lock: another one replaces it', () => {
    const other: SourceLock = new Map([[resnet, { source: commit, sha256: b }]])
    expect(withLock(withLock(study, lock, 'f'), other, 'f')).toBe(withLock(study, other, 'f'))
  })

  it('has problems at the lines of the study file', () => {
    const broken = withLock(`${study.trimEnd()}\nseeds: [-1]`, lock, 'f.study.yaml')
    expect(() => parseStudy(broken, 'f.study.yaml')).toThrow(/^f\.study\.yaml:7:9: /)
  })
})
