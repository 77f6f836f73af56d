// Keys that work anywhere but in a field or a dialog. The dialog under "?" lists them, with those of the lists.

const TYPING = "input:not([type=range]), textarea, select, [contenteditable]";

/** `actions` maps a key to what it does. */
export function prepareShortcuts(actions) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.key !== "Escape" && event.target.matches?.(TYPING)) return;
    const action = Object.hasOwn(actions, event.key) ? actions[event.key] : null;
    if (!action) return;
    event.preventDefault();
    action();
  });
}
