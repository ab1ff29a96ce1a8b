/** What a process of one request answers where it did not do what it was asked. */
export type NotDone =
  /** Nothing was done; `message` says what to change. */
  | { readonly type: 'refused'; readonly message: string }
  | { readonly type: 'failed'; readonly message: string; readonly stack: string }
