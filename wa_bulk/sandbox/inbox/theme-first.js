// Runs before the first paint, so that a remembered choice never flashes in the other colours.
try {
  const remembered = localStorage.getItem("wa-bulk-theme");
  if (remembered === "light" || remembered === "dark") document.documentElement.dataset.theme = remembered;
} catch {
  // Storage may be forbidden; the system's choice holds then.
}
