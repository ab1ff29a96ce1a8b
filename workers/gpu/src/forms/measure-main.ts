import { measureForms } from './probe-program.ts'

/**
 * Measures the forms named as arguments on the device of this process, prints them as JSON, the fastest first, and
 * ends.
 */
const trials = measureForms(process.argv.slice(2))
process.stdout.write(JSON.stringify(trials.map(({ form, ...trial }) => ({ form: form.name, ...trial }))))
