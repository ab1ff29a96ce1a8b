import { measureForms } from './measure-forms.ts'

/**
 * The process that measures the forms named as its arguments on its device, prints the results as JSON, the fastest
 * first, and ends.
 */
const trials = measureForms(process.argv.slice(2))
process.stdout.write(JSON.stringify(trials.map(({ form, ...trial }) => ({ form: form.name, ...trial }))))
