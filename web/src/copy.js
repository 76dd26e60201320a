// Buttons that copy what stands beside them. They are hidden where nothing can be copied.

/** Shows the copy buttons under a node. data-copy is the id of the text; empty, it is the one before the button. */
export function copyButtons(root) {
  if (!navigator.clipboard) {
    return;
  }
  for (const button of root.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }
}

async function copy(button) {
  const source = button.dataset.copy ? document.getElementById(button.dataset.copy) : button.previousElementSibling;
  const label = button.dataset.label ?? button.textContent;
  button.dataset.label = label;
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(source); // then the keyboard does it
    button.textContent = "Press Ctrl C";
  }
  setTimeout(() => (button.textContent = label), 2000);
}
