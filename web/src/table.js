// On a phone the rows of a table are laid out as cards. Some browsers then no longer tell that it is a table, unless roles do.

const roles = { TABLE: "table", THEAD: "rowgroup", TBODY: "rowgroup", TR: "row", TD: "cell" };

/** Gives the tables under a node their roles. */
export function tables(root) {
  for (const table of root.querySelectorAll("table.cards")) {
    for (const node of [table, ...table.querySelectorAll("*")]) {
      const role = node.tagName === "TH" ? (node.scope === "row" ? "rowheader" : "columnheader") : roles[node.tagName];
      if (role) {
        node.setAttribute("role", role);
      }
    }
  }
}
