// A table of any size: of a large one, only the rows and columns that can be seen are in the page.

const MOST_CELLS = 4000;
const AROUND = { rows: 12, columns: 4 };

// `head` is the rows of the head. Each of `rows` has functions that make its first cell and the cell of a column; one
// without cells heads those below it.
export function fill(scroller, { head, rows, columns }) {
  const table = scroller.querySelector("table");
  const body = document.createElement("tbody");
  const widths = document.createElement("colgroup");
  for (let number = 0; number <= columns; number += 1) widths.append(document.createElement("col"));
  widths.firstChild.className = "first";
  const top = document.createElement("thead");
  top.append(...head);
  table.replaceChildren(widths, top, body);
  scroller.style.setProperty("--columns", columns);
  scroller.onscroll = null;
  for (const name of ["aria-rowcount", "aria-colcount"]) table.removeAttribute(name);
  if (rows.length * columns <= MOST_CELLS) {
    body.append(...rows.map((row) => filled(document.createElement("tr"), row, { from: 0, to: columns, columns })));
    return;
  }
  table.setAttribute("aria-rowcount", rows.length + head.length);
  table.setAttribute("aria-colcount", columns + 1);
  windowed(scroller, body, rows, { columns, above: head.length });
}

// Puts the cells of the columns from `from` up to `to` into `line`, and gaps for the others; the first cell stays.
function filled(line, row, { from, to, columns }) {
  if (!line.firstChild) {
    line.className = row.className ?? "";
    line.append(row.head());
  }
  while (line.childElementCount > 1) line.lastChild.remove();
  if (!row.cell) {
    line.append(gap(columns));
    return line;
  }
  if (from > 0) line.append(gap(from));
  for (let column = from; column < to; column += 1) {
    const cell = row.cell(column);
    if (to - from < columns) cell.setAttribute("aria-colindex", column + 2);
    line.append(cell);
  }
  if (to < columns) line.append(gap(columns - to));
  return line;
}

function gap(columns) {
  const cell = document.createElement("td");
  cell.colSpan = columns;
  return cell;
}

function windowed(scroller, body, rows, { columns, above }) {
  const present = new Map();
  const [before, after] = [spacer(), spacer()];
  const heads = scroller.querySelector("thead tr:last-child").children;
  const [offset, width] = [heads[0].offsetWidth, heads[1]?.offsetWidth || 1];
  let span = { from: 0, to: 0, columns };
  body.append(before, after);
  const probe = filled(document.createElement("tr"), rows.at(-1), span);
  body.insertBefore(probe, after);
  const height = probe.getBoundingClientRect().height || 34;
  probe.remove();

  function spanNow() {
    const first = Math.floor(scroller.scrollLeft / width) - AROUND.columns;
    const last = Math.ceil((scroller.scrollLeft + scroller.clientWidth - offset) / width) + AROUND.columns;
    const whole = (column) => Math.min(columns, Math.max(0, column));
    return { from: whole(first - (((first % 4) + 4) % 4)), to: whole(Math.ceil(last / 4) * 4), columns };
  }

  function show() {
    const now = spanNow();
    const isMoved = now.from !== span.from || now.to !== span.to;
    span = now;
    const first = Math.max(0, Math.floor(scroller.scrollTop / height) - AROUND.rows);
    const last = Math.min(rows.length, Math.ceil((scroller.scrollTop + scroller.clientHeight) / height) + AROUND.rows);
    for (const [index, line] of present) {
      if (index < first || index >= last) {
        line.remove();
        present.delete(index);
      } else if (isMoved) filled(line, rows[index], span);
    }
    let next = after;
    for (let index = last - 1; index >= first; index -= 1) {
      if (!present.has(index)) {
        const line = filled(document.createElement("tr"), rows[index], span);
        line.setAttribute("aria-rowindex", index + above + 1);
        present.set(index, line);
        body.insertBefore(line, next);
      }
      next = present.get(index);
    }
    stretch(before, first * height);
    stretch(after, (rows.length - last) * height);
  }

  let isWaiting = false;
  scroller.onscroll = () => {
    if (isWaiting) return;
    isWaiting = true;
    requestAnimationFrame(() => {
      isWaiting = false;
      show();
    });
  };
  show();
}

function spacer() {
  const row = document.createElement("tr");
  row.setAttribute("aria-hidden", "true");
  row.className = "spacer";
  row.append(document.createElement("td"));
  return row;
}

function stretch(row, height) {
  row.hidden = height <= 0;
  row.firstChild.style.height = `${height}px`;
}
