// Puts the page together: what is open, what arrives, which key does what.

import * as api from "./api.js";
import { Chat } from "./chat.js";
import { ConversationList } from "./conversation-list.js";
import { Counters } from "./counters.js";
import { prepareClear, prepareDialogs, prepareNewConversation } from "./dialogs.js";
import { copyButton } from "./dom.js";
import { follow } from "./live.js";
import { RawDrawer } from "./raw.js";
import { goTo, readRoute } from "./route.js";
import { prepareShortcuts } from "./shortcuts.js";
import { prepareTheme } from "./theme.js";

const raw = new RawDrawer();
const counters = new Counters();
const list = new ConversationList({ open });
const chat = new Chat({ actions: { openRaw: (id) => raw.open(id), openMessage, back: () => close() } });

function open(contact, messageId = null) {
  goTo(contact, messageId);
  showRoute();
}

function close() {
  goTo(null);
  showRoute();
  list.focus();
}

function showRoute() {
  const route = readRoute();
  document.body.classList.toggle("chat-open", route !== null);
  list.select(route?.contact ?? null, route?.messageId);
  if (route) chat.open(route.contact, route.messageId);
  else chat.close();
}

/** Show a message wherever it is; it may be in another conversation, or gone. */
async function openMessage(id) {
  try {
    const record = await api.message(id);
    open(record.contact, id);
    chat.window.reveal(id);
  } catch {
    raw.open(id);
  }
}

function step(by) {
  list.focus();
  list.step(by);
}

function escape() {
  const inChat = document.activeElement?.closest("#chat");
  if (inChat && document.body.classList.contains("chat-open") && matchMedia("(max-width: 760px)").matches) close();
  else list.focus();
}

prepareTheme();
prepareDialogs();
const openNew = prepareNewConversation({ opened: (contact) => (open(contact), chat.composer.focus()) });
const openClear = prepareClear({ cleared: () => {} });
const openKeys = () => document.querySelector("#keys").showModal();

document.querySelector("#new-button").addEventListener("click", openNew);
document.querySelector("#clear-button").addEventListener("click", openClear);
document.querySelector("#keys-button").addEventListener("click", openKeys);
document.querySelector("#counter-failed").addEventListener("click", () => list.show("messages", "failed"));
document.querySelector("#counter-duplicates").addEventListener("click", () => list.show("messages", "duplicates"));
document.querySelector("#counter-messages").addEventListener("click", () => list.show("messages"));
document.querySelector("#counter-recipients").addEventListener("click", () => list.show("conversations"));

prepareShortcuts({
  "/": () => list.search.select(),
  "?": openKeys,
  n: openNew,
  t: () => document.querySelector("#theme").click(),
  X: openClear,
  r: () => document.body.classList.contains("chat-open") && chat.composer.focus(),
  m: () => document.body.classList.contains("chat-open") && chat.focusMessages(),
  j: () => step(1),
  k: () => step(-1),
  ArrowDown: () => step(1),
  ArrowUp: () => step(-1),
  Escape: escape,
});

const sample = `curl -u sandbox:sandbox ${location.origin}/v1/messages -H 'Content-Type: application/json' \\
  -d '{"to": ["+447911123456"], "body": {"type": "template", "template": {"name": "hello_world", "language": "en_US"}}}'`;
document.querySelector("#sample").textContent = sample;
document.querySelector("#sample-copy").append(copyButton("Copy", sample));

const unavailable = document.querySelector("#unavailable");
const showConnection = (connected) => {
  unavailable.hidden = connected;
  document.body.classList.toggle("unavailable", !connected);
};

follow({
  batch(batch) {
    list.receive(batch);
    chat.receive(batch);
    raw.receive(batch);
  },
  reload() {
    list.refreshSoon();
    chat.refreshSoon();
  },
  stats: (stats) => counters.show(stats),
  cleared() {
    list.restart();
    goTo(null);
    showRoute();
  },
  connected(isFirst) {
    showConnection(true);
    api.stats().then((stats) => counters.show(stats), () => {});
    if (isFirst) {
      // What came between the first reading and the first event would be told by neither.
      list.refreshSoon();
      chat.refreshSoon();
    } else {
      list.restart();
      chat.reopen();
    }
  },
  unavailable: () => showConnection(false),
});

window.addEventListener("popstate", showRoute);
showRoute();
