/** Values that are made once and kept while they are used: at most `size`, the one used longest ago is dropped. */
export class KeptValues<Value> {
  private readonly kept = new Map<string, Promise<Value>>()

  constructor(private readonly size: number) {}

  /** The value of a key, made where it is not kept. One that cannot be made is not kept. */
  get(key: string, make: () => Promise<Value>): Promise<Value> {
    const value = this.kept.get(key) ?? make()
    this.kept.delete(key)
    this.kept.set(key, value)
    value.catch(() => this.kept.delete(key))
    for (const oldest of [...this.kept.keys()].slice(0, -this.size)) this.kept.delete(oldest)
    return value
  }
}
