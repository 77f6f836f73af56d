// The small dialogs: a new conversation, clearing, the keys.

import * as api from "./api.js";

const NUMBER = /^\+?[\d\s().-]{5,}$/u;

/** Every button with data-close closes its dialog; a click beside it does too. */
export function prepareDialogs() {
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
    });
  }
}

/** `opened(contact)` is called once the user's first message is in. */
export function prepareNewConversation({ opened }) {
  const dialog = document.querySelector("#new");
  const form = dialog.querySelector("form");
  const number = document.querySelector("#new-number");
  const text = document.querySelector("#new-text");
  const fault = document.querySelector("#new-fault");
  const complain = (words) => {
    fault.textContent = words;
    fault.hidden = false;
    number.focus();
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!NUMBER.test(number.value.trim())) return complain("A number with its country code is wanted, like +44 7911 123456.");
    try {
      const record = await api.reply({ from: number.value.trim(), text: text.value.trim() || "Hello" });
      dialog.close();
      opened(record.contact);
    } catch (error) {
      complain(error.message);
    }
  });
  return () => {
    form.reset();
    fault.hidden = true;
    dialog.showModal();
    number.focus();
  };
}

export function prepareClear({ cleared }) {
  const dialog = document.querySelector("#clear");
  const fault = document.querySelector("#clear-fault");
  document.querySelector("#clear-confirm").addEventListener("click", async () => {
    try {
      await api.clear();
      dialog.close();
      cleared();
    } catch (error) {
      fault.textContent = error.message;
      fault.hidden = false;
    }
  });
  return () => {
    fault.hidden = true;
    dialog.showModal();
  };
}
