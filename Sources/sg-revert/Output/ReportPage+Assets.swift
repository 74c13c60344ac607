extension ReportPage {
    /// The style for light and dark screens, narrow and wide ones, and for paper.
    static let style = """
        :root { --ink: #1b1f24; --quiet: #5b6570; --page: #f6f7f9; --card: #fff; --line: #dfe3e8; --first: #c2410c;
          --second: #94a3b8; --good: #15803d; --bad: #b91c1c; }
        @media (prefers-color-scheme: dark) {
          :root { --ink: #e6e9ed; --quiet: #9aa4af; --page: #101418; --card: #191f25; --line: #2d353e; --first: #fb923c;
            --second: #64748b; --good: #4ade80; --bad: #f87171; }
        }
        * { box-sizing: border-box; }
        body { margin: 0 auto; max-width: 76rem; padding: 1.5rem; background: var(--page); color: var(--ink);
          font: 15px/1.45 system-ui, sans-serif; }
        h1 { margin: 0; font-size: 1.6rem; } h2 { margin: 0 0 .8rem; font-size: 1rem; }
        .quiet { margin: .2rem 0 1rem; color: var(--quiet); }
        .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: .8rem; margin-bottom: .8rem; }
        .tile, section { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem; }
        .tile b { display: block; font-size: 1.4rem; white-space: nowrap; } .tile span { color: var(--quiet); }
        .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(28rem, 100%), 1fr)); gap: .8rem; }
        .events { margin-top: .8rem; }
        svg { display: block; width: 100%; } svg text { font-size: 11px; fill: var(--quiet); text-anchor: middle; }
        svg text.start { text-anchor: start; } svg line { stroke: var(--line); }
        .first { fill: var(--first); background: var(--first); } .second { fill: var(--second); background: var(--second); }
        .slot { fill: transparent; } g:hover .slot { fill: var(--line); opacity: .4; }
        .legend { margin: .4rem 0 0; color: var(--quiet); }
        .legend i { display: inline-block; width: .7em; height: .7em; margin: 0 .4em 0 .8em; border-radius: 2px; }
        .top { margin: 0; padding: 0; list-style: none; }
        .top li { display: grid; grid-template-columns: 1fr auto; column-gap: 1rem; padding: .25rem 0; }
        .top .name { overflow-wrap: anywhere; } .top .number { color: var(--quiet); white-space: nowrap; }
        meter { grid-column: 1 / -1; width: 100%; height: .5rem; border: 0; border-radius: 2px; background: var(--line); }
        meter::-webkit-meter-bar { height: .3rem; border: 0; border-radius: 2px; background: var(--line); }
        meter::-webkit-meter-optimum-value { background: var(--first); } meter::-moz-meter-bar { background: var(--first); }
        input[type=search] { width: 100%; padding: .6rem .8rem; border: 1px solid var(--line); border-radius: .4rem;
          background: var(--page); color: inherit; font: inherit; }
        table { width: 100%; border-collapse: collapse; }
        th { text-align: left; white-space: nowrap; } th button { padding: .3rem 0; border: 0; background: none; color: var(--quiet);
          font: inherit; font-weight: 600; cursor: pointer; }
        th[aria-sort=ascending] button::after { content: " \\2191"; } th[aria-sort=descending] button::after { content: " \\2193"; }
        td { padding: .5rem .8rem .5rem 0; border-top: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
        td:first-child, td:nth-child(2), td:nth-child(3), td:last-child { white-space: nowrap; overflow-wrap: normal; }
        .tag { font-weight: 600; color: var(--quiet); } .tag.reverted, .tag.unchanged { color: var(--good); }
        .tag.failed, .tag.dead-lettered, .tag.suppressed { color: var(--bad); } .tag.reported { color: var(--first); }
        summary { cursor: pointer; } details ul { margin: .6rem 0; padding-left: 1.1rem; }
        details code { display: block; margin: .3rem 0; padding: .4rem; background: var(--page); border-radius: .3rem;
          font-size: .8rem; overflow-wrap: anywhere; user-select: all; }
        dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem .8rem; margin: 0; font-size: .85rem; }
        dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; }
        @media (max-width: 48rem) {
          body { padding: .8rem; } thead { display: none; } table, tbody, tr, td { display: block; }
          svg text { font-size: 18px; } .dense text { font-size: 16px; } svg.dense g:nth-child(even) .label { display: none; }
          tr { padding: .6rem 0; border-top: 1px solid var(--line); }
          tr[hidden] { display: none; }
          td, td:first-child, td:nth-child(3), td:last-child { display: grid; grid-template-columns: 6rem 1fr; padding: .1rem 0; border: 0;
            white-space: normal; overflow-wrap: anywhere; }
          td::before { content: attr(data-label); color: var(--quiet); }
          td > * { min-width: 0; } dl { grid-template-columns: 1fr; } dd { margin-bottom: .3rem; }
        }
        @media print {
          :root { --ink: #000; --quiet: #444; --page: #fff; --card: #fff; --line: #bbb; --first: #555; --second: #ccc;
            --good: #000; --bad: #000; }
          body { max-width: none; padding: 0; font-size: 10pt; } section, .tile { break-inside: avoid; border-radius: 0; }
          .events { break-inside: auto; border: 0; padding: 0; } tr { break-inside: avoid; } thead { display: table-header-group; }
          input, #count { display: none; } * { print-color-adjust: exact; }
        }
        """

    /// Search and sort. The page can be read without this script.
    static let script = """
        (() => {
          const table = document.getElementById("events"), body = table.tBodies[0], rows = [...body.rows];
          const search = document.getElementById("search"), count = document.getElementById("count");
          const heads = [...table.tHead.rows[0].cells];
          const texts = new Map(rows.map(row => [row, row.textContent.toLowerCase()]));
          const filter = () => {
            const words = search.value.toLowerCase().split(/\\s+/).filter(Boolean);
            let shown = 0;
            for (const row of rows) {
              row.hidden = !words.every(word => texts.get(row).includes(word));
              if (!row.hidden) shown += 1;
            }
            count.textContent = words.length ? `${shown} of ${rows.length}` : "";
          };
          const key = (row, column) => row.cells[column].dataset.sort ?? row.cells[column].textContent;
          heads.forEach((head, column) => head.firstChild.addEventListener("click", () => {
            const isDown = head.getAttribute("aria-sort") === "ascending";
            heads.forEach(other => other.removeAttribute("aria-sort"));
            head.setAttribute("aria-sort", isDown ? "descending" : "ascending");
            rows.sort((a, b) => key(a, column).localeCompare(key(b, column), "en", { numeric: true }) * (isDown ? -1 : 1));
            body.append(...rows);
          }));
          search.addEventListener("input", filter);
          // The text after the # in the URL is searched for, so that a finding can be linked to.
          try { search.value = decodeURIComponent(location.hash.slice(1)); } catch { search.value = ""; }
          filter();
        })();
        """
}
