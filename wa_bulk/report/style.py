"""The look of the report's page."""

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #fbfbfa; --card: #fff; --ink: #1d2324; --quiet: #667075; --line: #e3e6e6;
  --accepted: #1f9d61; --rejected: #d14343; --failed: #c98213; --unknown: #8a4fd0; --skipped: #9aa3a6;
  --in-flight: #2183b8; --not-sent: #d3d8d9; --others: #d58a5a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14191a; --card: #1c2324; --ink: #e7eceb; --quiet: #93a0a2; --line: #2c3637;
    --accepted: #3fbf80; --rejected: #ef6b6b; --failed: #e0a23c; --unknown: #b48af0; --skipped: #6f7a7d;
    --in-flight: #54aedd; --not-sent: #3a4547; --others: #c9774a;
  }
}
* { box-sizing: border-box; margin: 0; }
body {
  background: var(--paper); color: var(--ink); padding: 2.5rem 1rem;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; font-variant-numeric: tabular-nums;
}
main { max-width: 48rem; margin: 0 auto; display: grid; gap: 1.25rem; }
h1 { font-size: 1.75rem; line-height: 1.2; overflow-wrap: anywhere; }
h2 { font-size: 1rem; margin-bottom: .75rem; }
section {
  background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1.25rem; min-width: 0;
}
.state {
  display: inline-block; font-size: .8rem; font-weight: 600; padding: .15rem .6rem; border-radius: 99px;
  vertical-align: middle; color: var(--card); background: var(--failed);
}
.state.finished { background: var(--accepted); }
.state.running { background: var(--in-flight); }
.detail { color: var(--failed); margin-top: .5rem; overflow-wrap: anywhere; }
dl { display: flex; flex-wrap: wrap; gap: .5rem 2rem; margin-top: 1rem; }
dt, small, .quiet, figcaption, footer { color: var(--quiet); font-size: .8rem; }
dd { font-weight: 600; }
.facts { display: grid; gap: .4rem; margin: 0; }
.facts div { display: grid; grid-template-columns: 4.5rem 1fr; align-items: baseline; }
.facts dd { overflow-wrap: anywhere; }
.facts div:last-child dd { font-weight: 400; font-size: .9rem; }
.bar {
  display: flex; height: 1.25rem; gap: 2px; border-radius: 6px; overflow: hidden; background: var(--line);
}
.bar i { min-width: 3px; flex-basis: 0; }
.cards { list-style: none; padding: 0; margin-top: 1rem; display: grid; gap: .75rem;
  grid-template-columns: repeat(auto-fill, minmax(7.5rem, 1fr)); }
.cards li { border-left: 3px solid; padding-left: .75rem; }
.cards b { display: block; font-size: 1.5rem; line-height: 1.2; color: var(--ink); }
.cards span { display: block; font-weight: 600; font-size: .9rem; }
.cards small { display: block; line-height: 1.3; }
.cards .none { opacity: .45; }
.latency { list-style: none; padding: 0; display: grid; gap: .35rem; margin-bottom: .75rem; }
.latency li { display: grid; grid-template-columns: 2.5rem 1fr 5.5rem; gap: .75rem; align-items: center; }
.latency i { height: 1.1rem; min-width: 3px; border-radius: 4px; background: var(--in-flight); }
.latency span { color: var(--quiet); font-size: .9rem; }
.latency b { text-align: right; }
.funnel { list-style: none; padding: 0; display: grid; gap: .35rem; margin-bottom: .75rem; }
.funnel li { display: grid; grid-template-columns: 5.5rem 1fr auto; gap: .75rem; align-items: center; }
.funnel i { height: 1.1rem; min-width: 3px; border-radius: 4px; background: var(--in-flight); }
.funnel .accepted i { background: var(--accepted); } .funnel .read i { background: var(--unknown); }
.funnel .failed i { background: var(--rejected); } .funnel .unheard i { background: var(--skipped); }
.funnel span { color: var(--quiet); font-size: .9rem; }
.funnel b { min-width: 9rem; text-align: right; color: var(--ink); }
.scroll + .scroll, .quiet + .scroll { margin-top: 1.25rem; }
.badge { font-size: .8rem; font-weight: 600; white-space: nowrap; }
.badge::before { content: ""; display: inline-block; width: .6rem; height: .6rem; border-radius: 2px;
  margin-right: .35rem; background: currentColor; }
.bar .accepted { background: var(--accepted); } li.accepted, .badge.accepted { color: var(--accepted); }
.bar .rejected { background: var(--rejected); } li.rejected, .badge.rejected { color: var(--rejected); }
.bar .failed { background: var(--failed); } li.failed, .badge.failed { color: var(--failed); }
.bar .unknown { background: var(--unknown); } li.unknown, .badge.unknown { color: var(--unknown); }
.bar .skipped { background: var(--skipped); } li.skipped, .badge.skipped { color: var(--skipped); }
.bar .in-flight { background: var(--in-flight); } li.in-flight { color: var(--in-flight); }
.bar .not-sent { background: var(--not-sent); } li.not-sent { color: var(--quiet); }
.badge.others { color: var(--others); }
figure { display: grid; grid-template-columns: auto 1fr; gap: 0 .5rem; }
svg { grid-area: 1 / 2; display: block; width: 100%; height: 11rem; overflow: visible; }
path { vector-effect: non-scaling-stroke; }
.heights {
  grid-area: 1 / 1; display: flex; flex-direction: column; justify-content: space-between; text-align: right;
}
.heights, .times { color: var(--quiet); font-size: .75rem; line-height: 1; }
.times { grid-area: 2 / 2; display: flex; justify-content: space-between; padding-top: .5rem; }
path.accepted { fill: var(--accepted); } path.others { fill: var(--others); }
.grid { stroke: var(--ink); stroke-opacity: .12; fill: none; }
.resume { stroke: var(--ink); stroke-dasharray: 3 3; stroke-opacity: .6; fill: none; }
figcaption { grid-column: 1 / -1; margin-top: .5rem; display: flex; flex-wrap: wrap; gap: .25rem 1rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th { text-align: left; font-weight: 600; color: var(--quiet); font-size: .8rem; }
th, td { padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td { overflow-wrap: anywhere; } .share { white-space: nowrap; }
td:first-child, td:nth-child(2) { white-space: nowrap; }
tbody tr:last-child td { border-bottom: 0; }
section p + p, pre + p { margin-top: .75rem; }
pre { background: var(--paper); border: 1px solid var(--line); border-radius: 8px; padding: .6rem .8rem;
  margin-top: .4rem; overflow-x: auto; font: .85rem/1.4 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
footer { overflow-wrap: anywhere; }
@media (max-width: 34rem) {
  body { padding: 1.25rem .75rem; }
  section { padding: 1rem; }
  .stacks thead { display: none; }
  .stacks tr {
    display: grid; grid-template-columns: auto 1fr; padding: .5rem 0; border-bottom: 1px solid var(--line);
  }
  .stacks tbody tr:last-child { border: 0; }
  .stacks td { border: 0; padding-top: 0; padding-bottom: 0; }
  .stacks td:nth-child(3) { grid-column: 1 / -1; }
}
@media print { body { padding: 0; } section { break-inside: avoid; } }
"""
