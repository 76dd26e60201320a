// An area that takes a dropped file as if it had been chosen.

/** Makes the drop areas under a node work. */
export function dropAreas(root) {
  for (const area of root.querySelectorAll("[data-drop]")) {
    const input = area.querySelector("input[type=file]");
    const hint = area.querySelector("[data-drop-hint]");
    const over = (on) => area.classList.toggle("over", on);
    area.querySelector("label").textContent = "Drop a CSV file here, or choose one";
    area.addEventListener("dragover", (event) => {
      event.preventDefault();
      over(true);
    });
    area.addEventListener("dragleave", () => over(false));
    area.addEventListener("drop", (event) => {
      event.preventDefault();
      over(false);
      if (event.dataTransfer.files.length > 0) {
        input.files = event.dataTransfer.files;
        tell(input, hint);
      }
    });
    input.addEventListener("change", () => tell(input, hint));
  }
}

// tell says which file it is, and how many lines it has.
async function tell(input, hint) {
  const [file] = input.files;
  if (!file) {
    return;
  }
  hint.textContent = file.name;
  if (file.size < 10_000_000) {
    const lines = (await file.text()).split(/\r\n|\r|\n/).filter((line) => line.trim() !== "").length;
    hint.textContent = `${file.name}: ${lines.toLocaleString()} ${lines === 1 ? "line" : "lines"}`;
  }
}
