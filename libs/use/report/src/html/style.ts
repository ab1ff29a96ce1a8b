/** The style of a report: black on white, one column. Wide things scroll inside themselves, and print cuts nothing. */
export const reportStyle = `
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif; color: #111; background: #fff; overflow-wrap: break-word; }
h1 { font-size: 1.8rem; line-height: 1.2; } h2 { margin-top: 3rem; border-bottom: 2px solid #111; } h3 { margin-top: 2rem; }
p, li { max-width: 46rem; }
a { color: #00508f; } a:focus-visible, .scroll:focus-visible, summary:focus-visible { outline: 3px solid #d55e00; outline-offset: 2px; }
.claimed, .measured { border-left: .4rem solid; padding: .2rem 1rem; } .claimed { border-color: #d55e00; } .measured { border-color: #009e73; }
.scroll { overflow-x: auto; margin: 1rem 0; max-width: 100%; }
table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; border-top: 2px solid; border-bottom: 2px solid; }
caption { text-align: left; padding: .4rem 0; max-width: 46rem; }
th, td { text-align: left; padding: .15rem .6rem .15rem 0; vertical-align: top; font-weight: normal; } thead th { border-bottom: 1px solid; font-weight: bold; vertical-align: bottom; }
tbody tr:nth-child(even) { background: #f4f4f4; } tr:target { outline: 2px solid #d55e00; }
.n { text-align: right; white-space: nowrap; } thead .n { white-space: normal; }
figure { margin: 1rem 0; } figure svg { font: 12px system-ui, sans-serif; display: block; max-width: none; } figcaption { font-size: .85rem; max-width: 46rem; }
.pictures { display: flex; flex-wrap: wrap; gap: 1rem; padding: 0; list-style: none; } .pictures li { width: 9rem; font-size: .8rem; } .pictures img { width: 9rem; height: 9rem; image-rendering: pixelated; object-fit: contain; background: #eee; }
code { font-size: .9em; overflow-wrap: anywhere; } dt { font-weight: bold; } dd { margin: 0 0 .5rem 1rem; max-width: 46rem; }
@media print {
  @page { margin: 14mm; } :root { font-size: 9pt; }
  body { max-width: none; padding: 0; } .scroll { overflow: visible; } nav { display: none; }
  table { font-size: 6.5pt; width: 100%; } th, td { padding-right: .35rem; overflow-wrap: anywhere; } tbody th { min-width: 8em; } .n { overflow-wrap: normal; } thead { display: table-header-group; } tr, figure, .pictures li { break-inside: avoid; } h2, h3, caption { break-after: avoid; }
  figure svg { max-width: 100%; height: auto; max-height: 235mm; } a { color: inherit; text-decoration: none; } tbody tr:nth-child(even) { background: none; }
}
`
