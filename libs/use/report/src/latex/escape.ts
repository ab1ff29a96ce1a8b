const special: Readonly<Record<string, string>> = {
  '\\': String.raw`\textbackslash{}`,
  '{': String.raw`\{`,
  '}': String.raw`\}`,
  $: String.raw`\$`,
  '&': String.raw`\&`,
  '%': String.raw`\%`,
  '#': String.raw`\#`,
  _: String.raw`\_`,
  '~': String.raw`\textasciitilde{}`,
  '^': String.raw`\textasciicircum{}`,
  '−': '$-$',
  '×': String.raw`$\times$`,
  '∞': String.raw`$\infty$`,
  η: String.raw`$\eta$`,
  φ: String.raw`$\varphi$`,
  ε: String.raw`$\varepsilon$`,
  '²': '$^2$',
  '·': String.raw`$\cdot$`,
  '–': '--',
  '’': "'",
  '“': '``',
  '”': "''",
  '<': '$<$',
  '>': '$>$',
  '|': '$|$',
  '½': String.raw`\textonehalf{}`,
}

/** Text as LaTeX prints it. */
export function escapeLatex(text: string): string {
  return [...text].map((character) => special[character] ?? character).join('')
}
