/**
 * The characters of the font. Each has five rows of three pixels, one octal digit a row: 4 is the left pixel, 2 the
 * middle one, 1 the right one.
 */
const characters: Readonly<Record<string, string>> = {
  '0': '75557',
  '1': '26227',
  '2': '71747',
  '3': '71717',
  '4': '55711',
  '5': '74717',
  '6': '74757',
  '7': '71122',
  '8': '75757',
  '9': '75717',
  A: '25755',
  B: '65656',
  C: '34443',
  D: '65556',
  E: '74647',
  F: '74644',
  G: '34553',
  H: '55755',
  I: '72227',
  J: '11152',
  K: '55655',
  L: '44447',
  M: '57755',
  N: '65555',
  O: '25552',
  P: '65644',
  Q: '25563',
  R: '65655',
  S: '34216',
  T: '72222',
  U: '55557',
  V: '55552',
  W: '55775',
  X: '55255',
  Y: '55222',
  Z: '71247',
  '-': '00700',
  '+': '02720',
  '.': '00002',
}

/** The width of a letter with the gap behind it, and the height of a letter, in pixels of the font. */
export const advance = 4
export const letterHeight = 5

/** Calls `ink` for every pixel of a text in capitals. A character that the font lacks stays blank. */
export function drawText(text: string, ink: (x: number, y: number) => void): void {
  for (const [i, letter] of [...text.toUpperCase()].entries()) {
    const rows = characters[letter] ?? '00000'
    for (let y = 0; y < letterHeight; y++)
      for (let x = 0; x < 3; x++) if ((Number(rows[y]) >> (2 - x)) & 1) ink(i * advance + x, y)
  }
}
