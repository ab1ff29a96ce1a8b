/** How a reader refuses an archive: `wrong` is a clause about it. */
export type Refuse = (wrong: string) => never
