// Filters that work when they are chosen, a key to the search field, and the box that hides the rows that are fine.

/** Makes the filters under a node work. */
export function filters(root) {
  for (const form of root.querySelectorAll("[data-filter]")) {
    for (const select of form.querySelectorAll("select")) {
      select.addEventListener("change", () => form.requestSubmit());
    }
    form.addEventListener("submit", () => {
      for (const field of form.elements) {
        field.disabled ||= field.name !== "" && field.value === ""; // short addresses
      }
    });
  }
  for (const label of root.querySelectorAll("[data-only]")) {
    label.hidden = false;
    label.querySelector("input").addEventListener("change", (event) => {
      label.closest("section").classList.toggle("only-bad", event.target.checked);
    });
  }
  if (root === document) {
    document.addEventListener("keydown", searchKey);
    addEventListener("pageshow", enable); // back from the next page, the fields are usable again
  }
}

function enable() {
  for (const field of document.querySelectorAll("[data-filter] :disabled")) {
    field.disabled = false;
  }
}

// searchKey takes "/" to the search field, and Escape out of it.
function searchKey(event) {
  const field = document.querySelector("[data-search]");
  if (!field || event.ctrlKey || event.metaKey || event.altKey) {
    return;
  }
  if (event.key === "/" && !event.target.matches("input, textarea, select")) {
    event.preventDefault();
    field.focus();
    field.select();
  } else if (event.key === "Escape" && event.target === field) {
    field.blur();
  }
}
