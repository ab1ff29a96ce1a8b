/** Mathematics, by the characters that stand for it; every command is of LaTeX itself, without a package. */
const commands: Readonly<Record<string, string>> = {
  ...named(
    'α alpha β beta γ gamma δ delta ε varepsilon ζ zeta η eta θ theta ι iota κ kappa λ lambda μ mu ν nu ξ xi π pi',
    'ρ rho ς varsigma σ sigma τ tau υ upsilon φ varphi χ chi ψ psi ω omega ϵ epsilon ϑ vartheta ϕ phi ϖ varpi ϱ varrho',
    'Γ Gamma Δ Delta Θ Theta Λ Lambda Ξ Xi Π Pi Σ Sigma Υ Upsilon Φ Phi Ψ Psi Ω Omega',
    '± pm ÷ div × times · cdot ∞ infty ≤ leq ≥ geq ≠ neq ≈ approx ≡ equiv ∼ sim ∝ propto ∈ in ∉ notin ∅ emptyset',
    '→ to ← leftarrow ↔ leftrightarrow ↑ uparrow ↓ downarrow ⇒ Rightarrow ⇔ Leftrightarrow ∀ forall ∃ exists',
    '∩ cap ∪ cup ⊂ subset ⊆ subseteq ∑ sum ∏ prod ∫ int √ surd ∂ partial ∇ nabla ⊕ oplus ⊗ otimes ⊙ odot ∘ circ',
    '• bullet ⌈ lceil ⌉ rceil ⌊ lfloor ⌋ rfloor ⟨ langle ⟩ rangle ‖ | ∥ | ℓ ell ¬ neg ∧ wedge ∨ vee ′ prime',
    '« ll » gg µ mu',
  ),
  // These capital letters and the omicron look as Latin ones do, and LaTeX has no command for them.
  ...sameAs('Α A Β B Ε E Ζ Z Η H Ι I Κ K Μ M Ν N Ο O Ρ P Τ T Χ X', 'mathrm'),
  ...sameAs('ο o', 'mathit'),
  '−': '-',
  '∗': '*',
  '″': String.raw`\prime\prime`,
  '°': String.raw`^\circ`,
  '½': String.raw`\frac{1}{2}`,
  '¼': String.raw`\frac{1}{4}`,
  '¾': String.raw`\frac{3}{4}`,
  ...digits('⁰¹²³⁴⁵⁶⁷⁸⁹', '^'),
  '⁺': '^+',
  '⁻': '^-',
  ...digits('₀₁₂₃₄₅₆₇₈₉', '_'),
}

function named(...lists: readonly string[]): Record<string, string> {
  return Object.fromEntries(pairsOf(lists.join(' ')).map(([character, name]) => [character, `\\${name}`]))
}

function sameAs(list: string, font: string): Record<string, string> {
  return Object.fromEntries(pairsOf(list).map(([character, letter]) => [character, `\\${font}{${letter}}`]))
}

function digits(characters: string, place: '^' | '_'): Record<string, string> {
  return Object.fromEntries([...characters].map((character, digit) => [character, `${place}${digit}`]))
}

function pairsOf(list: string): (readonly [string, string])[] {
  const words = list.split(' ')
  return words.flatMap((word, i) => (i % 2 === 0 ? [[word, words[i + 1]!] as const] : []))
}

/** Characters of mathematics as LaTeX prints them in text. */
export const mathematics: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(commands).map(([character, command]) => [character, `$${command}$`]),
)

/** Letters and marks beyond ASCII that the default font encoding (OT1) has. */
export const letters: Readonly<Record<string, string>> = {
  ß: String.raw`\ss{}`,
  æ: String.raw`\ae{}`,
  Æ: String.raw`\AE{}`,
  œ: String.raw`\oe{}`,
  Œ: String.raw`\OE{}`,
  ø: String.raw`\o{}`,
  Ø: String.raw`\O{}`,
  ł: String.raw`\l{}`,
  Ł: String.raw`\L{}`,
  ı: String.raw`\i{}`,
  '¡': '!`',
  '¿': '?`',
  '§': String.raw`\S{}`,
  '¶': String.raw`\P{}`,
  '©': String.raw`\copyright{}`,
  '®': String.raw`\textregistered{}`,
  '™': String.raw`\texttrademark{}`,
  '£': String.raw`\pounds{}`,
  '†': String.raw`\dag{}`,
  '‡': String.raw`\ddag{}`,
  '…': String.raw`\ldots{}`,
  '–': '--',
  '—': '---',
  '‐': '-',
  '‑': String.raw`\mbox{-}`,
  '‘': '`',
  '’': "'",
  '“': '``',
  '”': "''",
  '‚': ',',
  '„': ',,',
  '\u00a0': '~',
  '\u2009': String.raw`\,`,
  '\u202f': String.raw`\,`,
}

/** Commands of the accents that Unicode combines with the letter before them. */
export const accents: Readonly<Record<string, string>> = {
  '\u0300': '`',
  '\u0301': "'",
  '\u0302': '^',
  '\u0303': '~',
  '\u0304': '=',
  '\u0306': 'u',
  '\u0307': '.',
  '\u0308': '"',
  '\u030a': 'r',
  '\u030b': 'H',
  '\u030c': 'v',
  '\u0323': 'd',
  '\u0327': 'c',
  '\u0331': 'b',
}
