import { byCodePoint } from '@gauntlet/files'
import { largestOf, numberedClasses } from '../class-names.ts'
import { readMatFile, type MatStruct, type MatValue } from '../mat-file.ts'
import type { Scan } from '../scan-files.ts'
import type { SplitName } from '../../manifest.ts'
import { fileEnding, linesOf, refuseAnnotation, type LabelledImage, type Labelling } from './layout.ts'

/*
 * Datasets of the study as their authors publish them, unpacked or still in their archives. Classes, labels and the
 * order of images are those of torchvision 0.29, which the authors' pipeline read them with. The sixth, UC Merced, is a
 * folder for each class.
 */

/** Caltech-101: a folder for each category in `101_ObjectCategories`; the background is no class of the study. */
export function caltech101({ images }: Scan): Labelling | undefined {
  const located = [...images.keys()].sort(byCodePoint).flatMap((name) => {
    const match = /(?:^|\/)101_ObjectCategories\/([^/]+)\/[^/]+$/.exec(name)
    return match && match[1] !== 'BACKGROUND_Google' ? [{ name, category: match[1]! }] : []
  })
  if (located.length === 0) return undefined
  const classNames = [...new Set(located.map(({ category }) => category))].sort(byCodePoint)
  const labels = new Map(classNames.map((name, label) => [name, label]))
  return {
    format: 'Caltech-101',
    classNames,
    images: located.map(({ name, category }) => ({ name, split: null, label: labels.get(category)! })),
  }
}

/** FGVC-Aircraft 2013b by its variants: `data/images_variant_<split>.txt` has lines `<image> <variant>`. */
export function aircraft(scan: Scan): Labelling | undefined {
  const variants = fileEnding(scan.tables.keys(), 'variants.txt')
  const training = fileEnding(scan.tables.keys(), 'images_variant_train.txt')
  if (!variants || !training) return undefined
  const classNames = linesOf(scan.tables.get(variants.name)!)
  const labels = new Map(classNames.map((name, label) => [name, label]))
  const files = { train: 'train', val: 'validation', test: 'test' } as const
  const images = Object.entries(files).flatMap(([file, split]) => {
    const name = `${training.root}images_variant_${file}.txt`
    const table = scan.tables.get(name) ?? refuseAnnotation(name, 'is missing')
    return linesOf(table).map((line): LabelledImage => {
      const [image, variant] = [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]
      const label =
        labels.get(variant) ?? refuseAnnotation(name, `has the variant ${variant}, which is not in variants.txt`)
      return { name: present(scan, `${training.root}images/${image}.jpg`, name), split, label }
    })
  })
  return { format: 'FGVC-Aircraft 2013b', classNames, images }
}

/** Oxford Flowers-102: `imagelabels.mat` has the labels 1 to 102, `setid.mat` the images of each split, from 1. */
export function flowers102(scan: Scan): Labelling | undefined {
  const labelFile = fileEnding(scan.tables.keys(), 'imagelabels.mat')
  const splitFile = fileEnding(scan.tables.keys(), 'setid.mat')
  if (!labelFile || !splitFile) return undefined
  const labels = numbersAt(
    readMatFile(scan.tables.get(labelFile.name)!, 'imagelabels.mat'),
    'labels',
    'imagelabels.mat',
  )
  const sets = readMatFile(scan.tables.get(splitFile.name)!, 'setid.mat')
  const fields = { trnid: 'train', valid: 'validation', tstid: 'test' } as const
  const images = Object.entries(fields).flatMap(([field, split]) =>
    numbersAt(sets, field, 'setid.mat').map((image): LabelledImage => {
      const label = labels[image - 1] ?? refuseAnnotation('setid.mat', `names image ${image}, which has no label`)
      const name = `${labelFile.root}jpg/image_${String(image).padStart(5, '0')}.jpg`
      return { name: present(scan, name, 'setid.mat'), split, label: label - 1 }
    }),
  )
  const count = largestOf(labels)
  return {
    format: 'Oxford Flowers-102',
    classNames: numberedClasses(count, images.length).map((label) => String(Number(label) + 1)),
    images,
    remarks: [`The labels run from 1 to ${count}; the classes keep these as names, and models count them from 0.`],
  }
}

/** Oxford-IIIT Pet: `annotations/<split>.txt` has lines `<image> <class from 1> <species> <breed>`. */
export function pets(scan: Scan): Labelling | undefined {
  const trainval = fileEnding(scan.tables.keys(), 'annotations/trainval.txt')
  if (!trainval) return undefined
  const names = new Map<number, string>()
  const images = (['trainval', 'test'] as const).flatMap((file) => {
    const name = `${trainval.root}annotations/${file}.txt`
    const table = scan.tables.get(name) ?? refuseAnnotation(name, 'is missing')
    return linesOf(table).map((line): LabelledImage => {
      const [image = '', classId = ''] = line.split(/\s+/)
      if (!/^[1-9]\d{0,4}$/.test(classId)) refuseAnnotation(name, `has the line ${JSON.stringify(line)}`)
      names.set(Number(classId), image.replace(/_\d+$/, '').replaceAll('_', ' '))
      const split = file === 'test' ? 'test' : 'train'
      return { name: present(scan, `${trainval.root}images/${image}.jpg`, name), split, label: Number(classId) - 1 }
    })
  })
  const classNames = numberedClasses(largestOf(names.keys()), images.length).map(
    (label) => names.get(Number(label) + 1) ?? String(Number(label) + 1),
  )
  return { format: 'Oxford-IIIT Pet', classNames, images }
}

/** Stanford Cars: `devkit` has names and training annotations, `cars_test_annos_withlabels.mat` those of test. */
export function stanfordCars(scan: Scan): Labelling | undefined {
  const names = [...scan.tables.keys()]
  const training = fileEnding(names, 'devkit/cars_train_annos.mat')
  const meta = fileEnding(names, 'devkit/cars_meta.mat')
  if (!training || !meta) return undefined
  const testing =
    fileEnding(names, 'cars_test_annos_withlabels.mat') ??
    refuseAnnotation('cars_test_annos_withlabels.mat', 'is missing, without which the test images have no labels')
  const classNames = textsAt(readMatFile(scan.tables.get(meta.name)!, 'cars_meta.mat'), 'class_names', 'cars_meta.mat')
  const read = (file: string, split: SplitName, folder: string) =>
    structsAt(readMatFile(scan.tables.get(file)!, file), 'annotations', file).map((annotation): LabelledImage => {
      const [label] = numbersAt(annotation, 'class', file)
      const image = annotation['fname']
      if (label === undefined || typeof image !== 'string') return refuseAnnotation(file, 'has no class or file name')
      return { name: present(scan, `${training.root}${folder}/${image}`, file), split, label: label - 1 }
    })
  const images = [...read(training.name, 'train', 'cars_train'), ...read(testing.name, 'test', 'cars_test')]
  return { format: 'Stanford Cars', classNames, images }
}

/** The name, where the source has an image under it. */
function present(scan: Scan, name: string, annotation: string): string {
  return scan.images.has(name) ? name : refuseAnnotation(annotation, `names ${name}, which is not there`)
}

function numbersAt(values: MatStruct, field: string, file: string): readonly number[] {
  const found = values[field]
  return isList(found) && found.every((value) => typeof value === 'number') ? found : refuseField(file, field)
}

function textsAt(values: MatStruct, field: string, file: string): readonly string[] {
  const found = values[field]
  return isList(found) && found.every((value) => typeof value === 'string') ? found : refuseField(file, field)
}

function structsAt(values: MatStruct, field: string, file: string): readonly MatStruct[] {
  const found = values[field]
  const areStructs = isList(found) && found.every((value) => typeof value === 'object' && !Array.isArray(value))
  return areStructs ? (found as readonly MatStruct[]) : refuseField(file, field)
}

function isList(value: MatValue | undefined): value is Exclude<MatValue, string> {
  return Array.isArray(value)
}

function refuseField(file: string, field: string): never {
  return refuseAnnotation(file, `does not have ${field} as it is published`)
}
