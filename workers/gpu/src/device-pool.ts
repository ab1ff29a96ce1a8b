import type { Device } from './device.ts'

/**
 * The devices of one worker, each used by one attempt at a time. The worker takes no more attempts than it has devices.
 */
export class DevicePool {
  private readonly free: number[]
  private readonly waiting: ((index: number) => void)[] = []

  constructor(
    private readonly devices: readonly Device[],
    /** What each device is called in evidence and progress. */
    private readonly labels: readonly string[],
  ) {
    this.free = devices.map((_, index) => index)
  }

  get size(): number {
    return this.devices.length
  }

  /** Runs `work` on a free device, waiting for one if need be. */
  async use<T>(work: (device: Device, label: string) => Promise<T>): Promise<T> {
    const index = this.free.shift() ?? (await new Promise<number>((resolve) => this.waiting.push(resolve)))
    try {
      return await work(this.devices[index]!, this.labels[index]!)
    } finally {
      const next = this.waiting.shift()
      if (next) next(index)
      else this.free.push(index)
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.devices.map((device) => device.stop()))
  }
}
