import { decodeOutcomes, type Outcome } from '@gauntlet/evaluation/outcomes'
import { decodePerturbedImages, type PerturbedImage } from '@gauntlet/evaluation/perturbed-images'
import type { Digest } from '@gauntlet/study'
import type { ApiDependencies } from './dependencies.ts'
import { KeptValues } from './kept-values.ts'

/** The images that an evaluation keeps, by their place in the test split. */
export interface KeptImages {
  readonly side: number
  readonly images: ReadonlyMap<number, PerturbedImage>
}

/**
 * Reads what evaluations have stored. What was read last is kept, because a page asks for one picture after another.
 */
export class EvaluationFiles {
  private readonly outcomeFiles = new KeptValues<readonly Outcome[]>(200)
  private readonly imageFiles = new KeptValues<KeptImages>(8)

  constructor(private readonly store: Pick<ApiDependencies['store'], 'read'>) {}

  outcomes(digest: Digest): Promise<readonly Outcome[]> {
    return this.outcomeFiles.get(digest, async () => decodeOutcomes(await this.store.read(digest)).outcomes)
  }

  images(digest: Digest): Promise<KeptImages> {
    return this.imageFiles.get(digest, async () => {
      const { images, side } = decodePerturbedImages(await this.store.read(digest))
      return { side, images: new Map(images.map((image) => [image.index, image])) }
    })
  }
}
