// Forms that take a while say so and are sent once; menus close when one goes on elsewhere.

/** Marks forms as busy once they are sent. */
export function busyForms(root) {
  root.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) {
      return;
    }
    if (form.getAttribute("aria-busy") === "true") {
      event.preventDefault();
      return;
    }
    form.setAttribute("aria-busy", "true");
    const button = event.submitter;
    if (button && form.dataset.busy) {
      button.dataset.label = button.textContent;
      button.textContent = form.dataset.busy;
    }
  });
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[aria-busy]")) {
      form.removeAttribute("aria-busy");
      const button = form.querySelector("button[data-label]");
      if (button && form.dataset.busy) {
        button.textContent = button.dataset.label;
      }
    }
  });
}

/** Closes an open menu on Escape and on a click elsewhere. */
export function menus(root) {
  const close = (except) => {
    for (const menu of root.querySelectorAll("details.menu[open]")) {
      if (menu !== except) {
        menu.open = false;
      }
    }
  };
  root.addEventListener("click", (event) => close(event.target.closest("details.menu")));
  root.addEventListener("keydown", (event) => {
    const menu = event.target.closest?.("details.menu[open]");
    if (event.key === "Escape" && menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
}
