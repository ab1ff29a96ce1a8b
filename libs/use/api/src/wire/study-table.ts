import { z } from '@hono/zod-openapi'
import { count, digest, flag, time } from './parts.ts'

/** What a cell of a table has. The order is that of the codes in `CellColumns.state`. */
export const cellStates = ['pending', 'measured', 'older', 'failed', 'diverged'] as const
export type CellState = (typeof cellStates)[number]

/** A study in the list of all. */
const listedStudy = z
  .object({
    id: digest,
    name: z.string(),
    description: z.string().nullable(),
    createdAt: time,
    configurations: count,
    perturbations: count,
    numbers: count,
    lastNumberAt: time.nullable(),
    /** What people have written about it. */
    owner: z.string().nullable(),
    labels: z.array(z.string()),
    notes: z.string().nullable(),
    /** The study that it was made of by an extension. */
    extends: digest.nullable(),
  })
  .openapi('ListedStudy')
export type ListedStudy = z.infer<typeof listedStudy>

/** Studies, and how many the ledger has in all. */
export const studyList = z.object({ total: count, studies: z.array(listedStudy) }).openapi('StudyList')
export type StudyList = z.infer<typeof studyList>

/** The axes of a table, the outermost first. */
export const factorNames = ['dataset', 'backbone', 'protocol', 'loss', 'seed', 'inputContract'] as const
export type FactorName = (typeof factorNames)[number]

/** Why a cell has no number, or failed after it was measured. */
const cellFailure = z
  .object({ stage: z.string(), failureClass: z.string(), message: z.string(), recordedAt: time.nullable() })
  .openapi('CellFailure')
export type CellFailure = z.infer<typeof cellFailure>

/**
 * Cells as columns: an entry for each configuration and perturbation, the perturbations of a configuration together.
 */
const cellColumns = z
  .object({
    /** The places of the configurations in the table, from 0. */
    positions: z.array(count),
    /** An index into `cellStates`. */
    state: z.array(count),
    correct: z.array(count),
    /** 0 where the cell has no number. */
    total: z.array(count),
    /** By the row of the cell, counted from 1. */
    flags: z.record(z.string(), z.array(flag)),
    failures: z.record(z.string(), cellFailure),
  })
  .openapi('CellColumns')
export type CellColumns = z.infer<typeof cellColumns>

const pool = z
  .object({
    environmentClass: digest,
    environment: z.string(),
    /** When the pool described itself; null where it was asked just now. */
    describedAt: time.nullable(),
  })
  .openapi('Pool')

/** The grid of a study. It never changes. */
const grid = z
  .object({
    id: digest,
    name: z.string(),
    description: z.string().nullable(),
    createdAt: time,
    factors: z.record(z.enum(factorNames), z.array(z.string())),
    /** For each configuration, the index of its level in each factor, in the order of `factorNames`. */
    configurations: z.array(count),
    perturbations: z.array(z.object({ name: z.string(), heading: z.string(), label: z.string() })),
    exclusions: z.array(z.string()),
  })
  .openapi('Grid')
export type Grid = z.infer<typeof grid>

/**
 * The table of a study by the present code and environment, or what changed of it. `grid` and all cells that are read
 * are there where the whole was asked for, or where the asker's version is of another pool or another ledger.
 */
export const studyTable = z
  .object({
    /** What to ask for changes with: the position in the ledger, and which pool's numbers these are. */
    version: z.string(),
    pool,
    /**
     * Configurations that the server has still to read, where `partial` was asked for: their cells come to whoever asks
     * again with this version.
     */
    unread: count,
    grid: grid.nullable(),
    cells: cellColumns,
  })
  .openapi('StudyTable')
export type StudyTable = z.infer<typeof studyTable>

/** One number, as `gauntlet results --json` prints it. */
export const measurementRow = z
  .object({
    row: count,
    dataset: z.string(),
    backbone: z.string(),
    loss: z.string(),
    protocol: z.string(),
    seed: z.number().int(),
    inputContract: z.string(),
    perturbation: z.string(),
    epsilon: z.number().nullable(),
    evaluator: z.string(),
    correct: count,
    total: count,
    accuracy: z.number(),
    interval: z.array(z.number()),
    flags: z.array(flag),
    measurementId: digest,
    environmentClass: digest,
    codeDigest: digest,
    /** The seal that it came with, where an import brought it. */
    importSeal: digest.nullable(),
    current: z.boolean(),
  })
  .openapi('Measurement')
