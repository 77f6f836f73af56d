// Light or dark: the system's choice until the button is pressed, remembered from then on.

import { icon } from "./dom.js";

const system = window.matchMedia("(prefers-color-scheme: dark)");

const current = () => document.documentElement.dataset.theme ?? (system.matches ? "dark" : "light");

export function prepareTheme() {
  const button = document.querySelector("#theme");
  const showButton = () => {
    const other = current() === "dark" ? "light" : "dark";
    button.replaceChildren(icon(other === "dark" ? "moon" : "sun"));
    button.setAttribute("aria-label", `Switch to ${other}`);
    button.title = `Switch to ${other} (t)`;
  };
  button.addEventListener("click", () => {
    toggleTheme();
    showButton();
  });
  system.addEventListener("change", showButton);
  showButton();
}

function toggleTheme() {
  const theme = current() === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem("wa-bulk-theme", theme);
  } catch {
    // Holds until the page is left.
  }
}
