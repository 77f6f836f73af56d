// Writing as the user: what a person would type on the phone.

import * as api from "./api.js";

export class Composer {
  #contact = null;

  /** `sendingNumber()` is the business number to answer to, or null for the account's own. */
  constructor({ sendingNumber }) {
    this.sendingNumber = sendingNumber;
    this.form = document.querySelector("#composer");
    this.field = document.querySelector("#composer-text");
    this.fault = document.querySelector("#composer-fault");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#submit();
    });
    this.field.addEventListener("input", () => this.#fit());
  }

  show(contact) {
    if (contact !== this.#contact) this.field.value = "";
    this.#contact = contact;
    this.field.placeholder = `Write as ${contact}`;
    this.fault.hidden = true;
    this.#fit();
  }

  focus() {
    this.field.focus();
  }

  /** Send a text as the user shown, in answer to the message `replyTo` where given; true when the sandbox took it. */
  async send(text, replyTo = null) {
    try {
      await api.reply({ from: this.#contact, text, to: this.sendingNumber(), replyTo });
      this.fault.hidden = true;
      return true;
    } catch (error) {
      this.fault.textContent = error.message;
      this.fault.hidden = false;
      return false;
    }
  }

  async #submit() {
    const text = this.field.value;
    const contact = this.#contact;
    if (!text.trim()) return;
    if ((await this.send(text)) && contact === this.#contact && this.field.value === text) {
      this.field.value = "";
      this.#fit();
    }
  }

  #fit() {
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(this.field.scrollHeight, 160)}px`;
  }
}
