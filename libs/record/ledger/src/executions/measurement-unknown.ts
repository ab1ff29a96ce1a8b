/** No measurement in this ledger has that id. A retry does not help; `gauntlet results --json` lists the ids. */
export class MeasurementUnknown extends Error {
  override readonly name = 'MeasurementUnknown'

  constructor(readonly measurementId: string) {
    super(`The ledger has no measurement "${measurementId}"; take an id from \`npx gauntlet results <study> --json\`.`)
  }
}
