/** The look of a report: one column, two inks, one accent; the same in light and dark. No fonts are fetched. */
export const style = `
:root {
  --paper: #fbfaf6; --card: #ffffff; --ink: #22262a; --soft: #62676d; --line: #e3dfd4; --band: #f3f0e7;
  --accent: #0d6b62; --warn: #a8630b; --warn-paper: #fdf3df;
  --c0: #0d6b62; --c1: #c08a1e; --c2: #4b5fa8; --c3: #ab4f6c; --c4: #6d7f33; --c5: #7a6a58; --c6: #2f88b0; --c7: #8a5aa8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15181a; --card: #1b1f22; --ink: #e6e3dc; --soft: #9aa0a3; --line: #2e3438; --band: #1f2427;
    --accent: #5cc0b1; --warn: #e0a44a; --warn-paper: #2a2317;
    --c0: #5cc0b1; --c1: #dcaf55; --c2: #8c9fe6; --c3: #dd8aa6; --c4: #a9bd66; --c5: #b3a08a; --c6: #6fbde0; --c7: #bd93d8;
  }
}
* { box-sizing: border-box; }
html { color-scheme: light dark; -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { max-width: 1040px; margin: 0 auto; padding: 40px 28px 80px; }
h1, h2 { font-family: "Iowan Old Style", "Palatino Linotype", Palatino, Georgia, "DejaVu Serif", serif; font-weight: 600; letter-spacing: -.01em; line-height: 1.2; }
h1 { font-size: 34px; margin: 2px 0 10px; overflow-wrap: anywhere; }
h2 { font-size: 22px; margin: 56px 0 4px; padding-top: 18px; border-top: 1px solid var(--line); }
h3 { font-size: 15px; margin: 26px 0 8px; }
p { margin: 6px 0 12px; max-width: 72ch; }
.soft, .note { color: var(--soft); }
.note { font-size: 13.5px; }
.eyebrow { color: var(--accent); font-size: 13px; font-weight: 600; letter-spacing: .06em; text-transform: uppercase; }
.lede { font-size: 17px; line-height: 1.5; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); gap: 1px; margin: 26px 0 8px; background: var(--line); border: 1px solid var(--line); border-radius: 10px; overflow: hidden; }
.tiles div { background: var(--card); padding: 14px 16px 12px; }
.tiles b { display: block; font-size: 21px; font-weight: 600; letter-spacing: -.015em; font-variant-numeric: tabular-nums; white-space: nowrap; }
.tiles span { color: var(--soft); font-size: 13px; }
.warn { background: var(--warn-paper); border-left: 3px solid var(--warn); border-radius: 4px; padding: 10px 16px; margin: 18px 0; }
.warn ul { margin: 4px 0; padding-left: 18px; }
.scroll { overflow-x: auto; margin: 12px 0; }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 0 6px 18px; text-align: right; vertical-align: top; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--soft); font-weight: 500; font-size: 13px; vertical-align: bottom; }
th:first-child, td:first-child { text-align: left; padding-left: 0; position: sticky; left: 0; background: var(--paper); }
th.left, td.left { text-align: left; }
td.words, th.words { text-align: left; white-space: normal; min-width: 200px; }
tbody tr:last-child td { border-bottom: 0; }
tr.total td { font-weight: 600; border-top: 1px solid var(--soft); }
td.zero { color: var(--warn); font-weight: 600; }
.reason { display: inline-block; margin-right: 14px; }
.reason i { font-style: normal; color: var(--soft); }
.funnel { display: grid; grid-template-columns: minmax(96px, max-content) 1fr max-content; gap: 7px 14px; align-items: center; margin: 18px 0 22px; font-variant-numeric: tabular-nums; font-size: 14px; }
.funnel svg { width: 100%; height: 18px; display: block; }
.funnel .n { text-align: right; }
.kept { fill: var(--accent); } .gone { fill: var(--c1); opacity: .75; } .track { fill: var(--band); }
figure { margin: 20px 0 0; min-width: 0; }
figcaption { font-weight: 600; font-size: 14px; margin-bottom: 6px; }
figcaption span { font-weight: 400; color: var(--soft); }
.plot { display: grid; grid-template-columns: 46px 1fr; grid-template-rows: auto auto; font-size: 12px; color: var(--soft); font-variant-numeric: tabular-nums; }
.plot svg { width: 100%; height: 100%; display: block; overflow: visible; }
.area { position: relative; height: 250px; }
.small .area { height: 120px; }
.ys, .xs { position: relative; }
.ys span { position: absolute; right: 8px; transform: translateY(-50%); white-space: nowrap; }
.xs { grid-column: 2; height: 20px; margin-top: 4px; }
.xs span { position: absolute; transform: translateX(-50%); white-space: nowrap; }
.xs span.end { transform: translateX(-100%); } .xs span.start { transform: none; }
.xs em { position: absolute; left: -46px; font-style: normal; }
.band-name { position: absolute; top: 2px; padding-left: 5px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; font-size: 12px; }
.grid { stroke: var(--line); } .curve { fill: none; stroke-width: 1.6; } .raw { opacity: .35; stroke-width: 1; } .phase { fill: var(--band); } .mark { stroke: var(--soft); stroke-dasharray: 3 3; }
.grid, .curve, .mark { vector-effect: non-scaling-stroke; }
.dot { position: absolute; width: 8px; height: 8px; margin: -4px 0 0 -4px; border-radius: 50%; background: var(--c1); border: 1.5px solid var(--paper); }
.multiples { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr)); gap: 4px 34px; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 18px; font-size: 13px; color: var(--soft); margin: 6px 0 0 46px; }
.legend i { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 6px; vertical-align: -1px; }
details { border-bottom: 1px solid var(--line); }
summary { cursor: pointer; padding: 9px 0; list-style-position: outside; margin-left: 18px; }
summary::marker { color: var(--soft); }
summary b { font-weight: 600; } summary .soft { margin-left: 8px; }
details > :not(summary) { margin-left: 18px; }
details[open] { padding-bottom: 14px; }
.doc { margin: 10px 0 16px; min-width: 0; }
.doc header { font-size: 13px; color: var(--soft); overflow-wrap: anywhere; }
.doc header b { color: var(--ink); font-weight: 600; }
.doc pre, blockquote { margin: 6px 0 0; padding: 10px 14px; background: var(--card); border: 1px solid var(--line); border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate; font: 13.5px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
blockquote { font: 15px/1.6 Georgia, "DejaVu Serif", serif; border-left: 3px solid var(--accent); border-radius: 4px; margin: 12px 0; }
blockquote b { color: var(--accent); font-weight: 600; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)); gap: 0 18px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 18px; font-size: 14px; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
code { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
footer { margin-top: 60px; color: var(--soft); font-size: 13px; }
@media (max-width: 620px) {
  main { padding: 24px 16px 60px; }
  h1 { font-size: 27px; } h2 { font-size: 20px; margin-top: 42px; }
  .lede { font-size: 16px; }
  .tiles { grid-template-columns: 1fr 1fr; } .tiles b { font-size: 20px; }
  .area { height: 190px; }
  th, td { padding-left: 14px; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 8px; }
}
@media print { body { background: #fff; } .scroll { overflow: visible; } }
`
