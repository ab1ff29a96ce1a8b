import { setImmediate } from 'node:timers/promises'
import type { Parameters } from '@gauntlet/nn'
import { dropoutKeys } from './dropout-randomness.ts'
import { planEpoch, stepsPerEpoch, type StepPlan } from './epoch-plan.ts'
import type { FineTuned, FineTuning, TrainingProgress } from './fine-tuning.ts'
import { addToSums, hasCollapsed, noSums, type EpochRecord } from './history.ts'
import { learningRatesAt, type LearningRates } from './learning-rate.ts'
import { objectiveFor, type Objective } from './objective.ts'
import { prefetched } from './prefetch.ts'
import { restoreSession, saveSession } from './session-state.ts'
import { settingsDigest } from './settings.ts'
import { disposeBatch, readBatch, type TrainingData } from './training-data.ts'
import { Diverged, evidenceNumber, TrainingStateInvalid } from './training-errors.ts'
import { TrainingSession, type StepNumbers } from './training-session.ts'
import type { TrainingPosition } from './training-state.ts'
import { planValidation, validate } from './validation.ts'

/** Milliseconds that a step may go on after an abort, so that its end can be kept as a checkpoint. */
const longestLastStep = 20_000

/** A fine-tuning under way: epochs of optimiser steps of micro-batches. */
export class TrainingRun {
  private readonly session: TrainingSession
  private readonly objective: Objective
  private position: TrainingPosition = { epoch: 0, stepOfEpoch: 0, step: 0, sums: noSums, history: [] }
  /** Images of the present epoch that are done, validation included; reported as progress. */
  private imagesOfEpoch = 0
  /** When the signal was first seen to be aborted, in milliseconds. */
  private abortedAt: number | undefined
  /** Mean loss of the last step; reported as progress. */
  private lastLoss: number | null = null

  constructor(
    private readonly task: FineTuning,
    parameters: Parameters,
  ) {
    const { model, settings, training } = task
    const { hyperparameters, protocol } = settings
    this.objective = objectiveFor(settings.loss, hyperparameters)
    this.session = TrainingSession.open({
      model,
      parameters,
      objective: this.objective,
      hyperparameters,
      trains: protocol.trains,
      resolution: training.resolution,
      sizes: sizesOf(task),
    })
  }

  async toEnd(): Promise<FineTuned> {
    this.resume()
    while (this.position.epoch < this.task.settings.protocol.epochs) await this.restOfEpoch()
    return { parameters: this.session.parameters(), history: this.position.history }
  }

  dispose(): void {
    this.session.dispose()
  }

  private resume(): void {
    const { resumeFrom, settings } = this.task
    if (!resumeFrom) return
    if (resumeFrom.settings !== settingsDigest(settings)) {
      throw new TrainingStateInvalid(
        'The mid-training checkpoint was made with other settings; remove it and train this configuration from its start.',
      )
    }
    restoreSession(this.session, resumeFrom.arrays)
    this.position = resumeFrom.position
    this.imagesOfEpoch = resumeFrom.position.sums.images
  }

  private async restOfEpoch(): Promise<void> {
    const { epoch, stepOfEpoch } = this.position
    const { seed, hyperparameters, protocol } = this.task.settings
    const rates = learningRatesAt(epoch, protocol.epochs, hyperparameters)
    const plan = planEpoch({ seed, epoch, count: this.task.training.count, ...hyperparameters })
    const data = prefetched(this.task.training, plan.slice(stepOfEpoch).flat(), epoch)
    for (const [i, step] of plan.entries()) {
      if (i < stepOfEpoch) continue
      await this.step(step, rates, data)
      if (i < plan.length - 1) await this.checkpointIfDue()
      if (this.task.signal?.aborted) await this.stop()
    }
    await this.endEpoch(rates)
    await this.checkpointIfDue()
  }

  /** One optimiser step by the gradient of the mean loss over its images, accumulated over micro-batches. */
  private async step(plan: StepPlan, rates: LearningRates, data: TrainingData): Promise<void> {
    const images = plan.reduce((sum, indices) => sum + indices.length, 0)
    for (const indices of plan) {
      await this.microBatch(indices, images, data)
      await this.pause('training', indices.length)
      if (this.isOverdue()) this.task.signal!.throwIfAborted()
    }
    const numbers = this.session.step(this.position.step + 1, rates)
    this.requireFinite('the loss or its gradient is not finite', numbers.loss / images, numbers.gradientNorm)
    this.advance(images, numbers)
  }

  /** Accumulates one micro-batch of a step of `images` images. */
  private async microBatch(indices: readonly number[], images: number, data: TrainingData): Promise<void> {
    const { model, settings } = this.task
    const { epoch } = this.position
    const batch = await readBatch(data, indices, epoch, model.classes)
    try {
      this.session.accumulate(batch, { images, keys: dropoutKeys(settings.seed, epoch, indices) })
    } finally {
      disposeBatch(batch)
    }
  }

  private advance(images: number, numbers: StepNumbers): void {
    const { stepOfEpoch, step, sums } = this.position
    this.lastLoss = numbers.loss / images
    this.position = {
      ...this.position,
      stepOfEpoch: stepOfEpoch + 1,
      step: step + 1,
      sums: addToSums(sums, images, numbers),
    }
  }

  private async endEpoch(learningRates: LearningRates): Promise<void> {
    const { epoch, step, sums, history } = this.position
    const { usesAdversarial, usesClean } = this.objective
    const record: EpochRecord = {
      epoch: epoch + 1,
      steps: step,
      learningRates,
      training: {
        images: sums.images,
        loss: sums.loss / sums.images,
        cleanCorrect: usesClean ? sums.clean : null,
        adversarialCorrect: usesAdversarial ? sums.adversarial : null,
      },
      validation: await this.validate(),
    }
    // A head on a frozen backbone cannot collapse. It may find nothing to learn from, which is a result.
    const { model, settings } = this.task
    if (settings.protocol.trains === 'all' && hasCollapsed([...history, record], model.classes))
      throw this.diverged('it gives every validation image the same class, epoch after epoch', record.training.loss)
    this.position = { epoch: epoch + 1, stepOfEpoch: 0, step, sums: noSums, history: [...history, record] }
    this.imagesOfEpoch = 0
  }

  private async validate(): Promise<EpochRecord['validation']> {
    const { model, validation: data, settings } = this.task
    if (!data || data.count === 0) return null
    const record = await validate({
      session: this.session,
      data,
      classes: model.classes,
      microBatch: settings.hyperparameters.microBatch,
      epoch: this.position.epoch,
      onImages: async (images) => {
        await this.pause('validation', images)
        if (this.task.signal?.aborted) await this.stop() // validation changes no parameters
      },
    })
    this.requireFinite('the validation loss is not finite', record.cleanLoss + record.adversarialLoss)
    return record
  }

  private async checkpointIfDue(): Promise<void> {
    const { settings } = this.task
    const { step, epoch } = this.position
    const due = step % settings.hyperparameters.checkpointEverySteps === 0
    if (due && epoch < settings.protocol.epochs) await this.checkpoint()
  }

  private async checkpoint(): Promise<void> {
    await this.task.onCheckpoint?.({
      settings: settingsDigest(this.task.settings),
      position: this.position,
      arrays: await saveSession(this.session),
    })
  }

  /** Stops because the signal says so, with a checkpoint of what was done. */
  private async stop(): Promise<void> {
    await this.checkpoint()
    this.task.signal!.throwIfAborted()
  }

  /** Reports progress between two micro-batches, and lets the event loop turn. */
  private async pause(phase: TrainingProgress['phase'], images: number): Promise<void> {
    this.imagesOfEpoch += images
    this.task.onProgress?.(this.progress(phase))
    await setImmediate()
    if (this.task.signal?.aborted) this.abortedAt ??= performance.now()
  }

  /** Whether the step under way takes too long to wait for its end after an abort. */
  private isOverdue(): boolean {
    return this.abortedAt !== undefined && performance.now() - this.abortedAt > longestLastStep
  }

  private progress(phase: TrainingProgress['phase']): TrainingProgress {
    const { training, validation, settings } = this.task
    const { epoch, step } = this.position
    const { epochs } = settings.protocol
    const perEpoch = training.count + (validation?.count ?? 0)
    const steps = epochs * stepsPerEpoch(training.count, settings.hyperparameters.effectiveBatch)
    const images = epoch * perEpoch + this.imagesOfEpoch
    return { phase, epoch: epoch + 1, epochs, step, steps, images, totalImages: epochs * perEpoch, loss: this.lastLoss }
  }

  /** `gradientNorm` is given after a step, and left out at the end of an epoch. */
  private requireFinite(what: string, loss: number, gradientNorm?: number): void {
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm ?? 0)) throw this.diverged(what, loss, gradientNorm)
  }

  private diverged(what: string, loss: number, gradientNorm?: number): Diverged {
    const place = { epoch: this.position.epoch + 1, step: this.position.step, loss: evidenceNumber(loss) }
    if (gradientNorm === undefined) return new Diverged(what, place)
    return new Diverged(what, { ...place, step: place.step + 1, gradientNorm: evidenceNumber(gradientNorm) })
  }
}

/** The sizes of all micro-batches of training and of validation, which are the same in every epoch. */
function sizesOf({ training, validation, settings }: FineTuning) {
  const { seed, hyperparameters } = settings
  const steps = planEpoch({ seed, epoch: 0, count: training.count, ...hyperparameters })
  return {
    training: steps.flatMap((step) => step.map(({ length }) => length)),
    validation: planValidation(validation?.count ?? 0, hyperparameters.microBatch).map(({ length }) => length),
  }
}
