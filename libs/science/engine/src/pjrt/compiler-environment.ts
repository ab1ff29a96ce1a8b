/** What the bits of a program hang on where a PJRT plugin compiles it, beside the device. */
export type CompilerEnvironment = {
  /** The digest of the plugin's file. */
  readonly plugin: string
  /** What the plugin says of itself: its platform's version, and that of PJRT's interface. */
  readonly version: string
  /** The vendor's libraries beside the plugin, where they came as Python packages. */
  readonly libraries: readonly string[]
  /** The compiler's settings that are not the default. No kernel is chosen by measuring it on a device. */
  readonly settings: readonly string[]
}
