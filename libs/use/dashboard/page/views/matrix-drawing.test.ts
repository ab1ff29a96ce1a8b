import { expect, it } from 'vitest'
import { fitted } from './matrix-drawing.ts'

it('leaves the midst of a name out where it does not fit, so that names of one family stay apart', () => {
  const context = { measureText: (text: string) => ({ width: 7 * text.length }) as TextMetrics }
  const fittedIn = (width: number) =>
    ['convnext_base.fb_in1k', 'convnext_base.clip_laion2b'].map((name) => fitted(context, name, width))
  expect(fittedIn(26 * 7)).toEqual(['convnext_base.fb_in1k', 'convnext_base.clip_laion2b'])
  expect(fittedIn(11 * 7)).toEqual(['convn…_in1k', 'convn…ion2b'])
  expect(fittedIn(15)).toEqual(['c…', 'c…'])
  expect(fittedIn(11)).toEqual(['', ''])
})
